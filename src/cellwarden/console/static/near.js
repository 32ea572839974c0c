"use strict";
// The bar follows the phone that was chosen. It makes no sound. What is old is not shown.
(() => {
  const body = document.body, PATIENCE_MS = Number(body.dataset.patience);
  const find = (id) => document.getElementById(id);
  const [name, bar, trend, level, past, clipped, phones] =
    ["h-name", "bar", "trend", "level", "past", "clipped", "phones"].map(find);
  const fill = bar.querySelector(".fill"), top = bar.querySelector(".top");
  const SIGNS = { warmer: "▲ ", colder: "▼ ", steady: "＝ " };
  const first = phones.querySelector("label"), firstWord = first.querySelector("span");
  let heard = 0;

  function set(element, text) { if (element.textContent !== text) element.textContent = text; }
  function clear(words) {
    body.classList.add("old");
    set(name, words);
    bar.dataset.trend = "";
    bar.setAttribute("aria-valuenow", "0");
    fill.style.height = "0"; top.hidden = true;
    set(level, "");
    past.replaceChildren();
  }
  function show(one) {
    set(name, one.name);
    body.classList.toggle("old", one.heat === null);
    const percent = Math.round(100 * (one.heat ?? 0));
    bar.setAttribute("aria-valuenow", String(percent));
    bar.dataset.trend = one.trend;
    fill.style.height = percent + "%";
    top.hidden = false; top.style.bottom = `calc(${100 * one.hottest}% - 4px)`;
    if (one.heat === null) set(trend, trend.dataset.silent.replace("{seconds}", one.silent_s));
    else set(trend, one.trend ? SIGNS[one.trend] + trend.dataset[one.trend] : trend.dataset.wait);
    set(level, one.heat === null ? "" : level.dataset.words.replace("{level}", one.over_db));
    const wide = 300 / one.past.length;
    past.replaceChildren(...one.past.flatMap((heat, k) => {
      if (heat === null) return [];
      const column = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [key, value] of Object.entries({ x: k * wide, width: wide - 1, y: 60 - 60 * heat, height: 60 * heat })) {
        column.setAttribute(key, value.toFixed(1));
      }
      return [column];
    }));
  }
  function list(told) { // one line a phone, kept in place, so that a finger meets what it aims at
    const known = new Map([...phones.querySelectorAll("label[data-phone]")].map((line) => [line.dataset.phone, line]));
    for (const one of told) {
      let line = known.get(String(one.phone));
      if (!line) {
        line = first.cloneNode(true);
        line.dataset.phone = one.phone;
        Object.assign(line.querySelector("input"), { value: one.phone, checked: false });
        line.append(Object.assign(document.createElement("meter"), { min: 0, max: 1 }));
        phones.append(line);
      }
      known.delete(String(one.phone));
      set(line.querySelector("span"), one.name);
      const heat = line.querySelector("meter");
      heat.value = one.heat ?? 0;
      heat.setAttribute("aria-label", one.name);
    }
    for (const line of known.values()) if (!line.querySelector("input").checked) line.remove();
  }
  function news(told) {
    list(told.phones);
    set(firstWord, told.any ? firstWord.dataset.any : firstWord.dataset.wanted);
    const chosen = phones.querySelector("input:checked").value;
    const wanted = chosen !== "" ? Number(chosen) : told.any ? told.phones[0]?.phone : told.wanted;
    const one = told.phones.find((phone) => phone.phone === wanted);
    if (one) show(one);
    else { clear(name.dataset.none); set(trend, ""); }
    clipped.hidden = !told.clipped;
  }
  const source = new EventSource(body.dataset.live);
  let last = null;
  source.addEventListener("message", (event) => { heard = Date.now(); last = JSON.parse(event.data); news(last); });
  phones.addEventListener("change", () => { if (last) news(last); });
  setInterval(() => {
    if (Date.now() - heard < PATIENCE_MS) return;
    clear(name.dataset.lost);
    set(trend, "");
    clipped.hidden = true;
  }, 250);
})();
