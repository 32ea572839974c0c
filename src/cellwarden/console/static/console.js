"use strict";
// What makes a page live: news from /live, marks on the plan, how long ago, a sound, and a banner when no news come.
(() => {
  const root = document.documentElement;
  const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "UTC" };
  const spoken = new Intl.RelativeTimeFormat(root.lang, { numeric: "always", style: "short" });
  let ahead = Number(root.dataset.now) - Date.now(); // the server's clock counts, not the tablet's
  const now = () => Date.now() + ahead;
  const clock = (ms) => new Date(ms + root.dataset.east * 60000).toLocaleTimeString(root.lang, CLOCK); // where it stands

  function tellAgo() {
    for (const span of document.querySelectorAll("[data-ago]")) {
      const seconds = Math.max(0, Math.round((now() - Date.parse(span.dataset.ago)) / 1000));
      const [count, unit] = seconds < 60 ? [seconds, "second"] : seconds < 3600 ? [Math.floor(seconds / 60), "minute"]
        : seconds < 86400 ? [Math.floor(seconds / 3600), "hour"] : [Math.floor(seconds / 86400), "day"];
      span.textContent = spoken.format(-count, unit);
    }
  }
  function tellClock() {
    for (const span of document.querySelectorAll("[data-clock]")) {
      span.textContent = clock(now());
    }
  }
  tellAgo(); tellClock();
  setInterval(tellAgo, 5000);
  setInterval(tellClock, 1000);

  document.querySelector("nav.main [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  addEventListener("beforeprint", () => { // a page may have stood open for hours: paper tells when it was made
    for (const span of document.querySelectorAll("[data-printed]")) {
      const there = new Date(now() + root.dataset.east * 60000);
      span.textContent = there.toLocaleString(root.lang, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: "UTC" });
    }
  });

  // What was written into a form when the session was over: back into it once the same person has signed in, in this tab.
  const tab = (key, value) => { // a private window keeps nothing
    try { return value === undefined ? sessionStorage.getItem(key) : sessionStorage.setItem(key, value); } catch { return null; }
  };
  const person = document.body.dataset.person, late = [...document.querySelectorAll("[data-written]")];
  if (late.length && !person) {
    const texts = Object.fromEntries(late.map((field) => [field.dataset.written, field.value]));
    tab("written", JSON.stringify({ who: tab("who"), page: late[0].dataset.page, form: location.pathname, texts }));
  }
  if (person) {
    const { who, page, form, texts } = JSON.parse(tab("written") || "{}");
    if (who === person && page === location.pathname) {
      for (const [name, text] of Object.entries(texts)) {
        const fields = document.querySelectorAll(`form[action="${CSS.escape(form)}"] :is(input, textarea)[name="${CSS.escape(name)}"]:not([type=hidden])`);
        if (fields.length === 1 && !fields[0].value) fields[0].value = text; // of several nobody knows which
      }
    }
    if (page === location.pathname || (who && who !== person)) tab("written", "");
    tab("who", person);
  }

  // A sound: two tones, made here, so that no file is needed. Browsers play none before the first touch.
  const bell = document.querySelector("#bell");
  let sounds = null;
  const wished = () => { try { return localStorage.getItem("sound") === "on"; } catch { return false; } };
  function showBell() {
    if (!bell) return;
    const on = wished() && sounds !== null && sounds.state === "running";
    bell.setAttribute("aria-pressed", String(on));
    bell.textContent = on ? bell.dataset.on : wished() ? bell.dataset.asleep : bell.dataset.off;
  }
  async function wake() {
    if (!wished()) return;
    sounds ??= new AudioContext();
    await sounds.resume();
    showBell();
  }
  function ring() {
    if (!sounds || !wished()) return;
    for (const [at, pitch] of [[0, 880], [0.25, 660]]) {
      const tone = sounds.createOscillator(), loud = sounds.createGain(), start = sounds.currentTime + at;
      tone.frequency.value = pitch;
      loud.gain.setValueAtTime(0.0001, start);
      loud.gain.exponentialRampToValueAtTime(0.3, start + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.0001, start + 0.22);
      tone.connect(loud).connect(sounds.destination);
      tone.start(start); tone.stop(start + 0.24);
    }
    root.dataset.rung = String(Number(root.dataset.rung ?? 0) + 1);
  }
  if (bell) {
    bell.addEventListener("click", async () => {
      const on = bell.getAttribute("aria-pressed") !== "true";
      try { localStorage.setItem("sound", on ? "on" : "off"); } catch { /* a private window keeps nothing */ }
      if (on) { await wake(); ring(); }
      showBell();
    });
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, wake, { once: true });
    showBell();
  }

  // News.
  const stale = document.querySelector("#stale");
  if (!stale) return;
  const PATIENCE_MS = Number(stale.dataset.patience);
  let heard = Date.now(), heardThere = Number(root.dataset.now);
  function news() {
    heard = Date.now();
    if (!stale.hidden) { stale.hidden = true; root.classList.remove("stale"); }
  }
  setInterval(() => {
    if (Date.now() - heard < PATIENCE_MS) return;
    stale.querySelector("time").textContent = clock(heardThere);
    stale.hidden = false;
    root.classList.add("stale");
  }, 500);

  function setMarks(marks) {
    const all = document.body.dataset.page === "now"; // an alert's own page shows its rooms alone
    for (const place of all ? document.querySelectorAll("[data-room]") : []) {
      const [level, share] = marks.rooms[place.dataset.room] ?? ["", ""];
      place.dataset.level = level;
      if (level) place.querySelector("use")?.setAttribute("href", "#m-" + level);
      const part = place.querySelector(".part"), title = place.querySelector("title");
      if (part) part.textContent = share;
      if (title) title.textContent = share ? place.dataset.name + ": " + share : place.dataset.name;
    }
    for (const place of document.querySelectorAll("[data-sensor]")) {
      const [reason, words] = marks.sensors[place.dataset.sensor] ?? ["silent", place.dataset.sensor];
      place.dataset.deaf = reason;
      place.querySelector("title").textContent = words;
    }
  }
  let pressed = false; // what is replaced under a finger takes no click
  const held = new Map();
  addEventListener("pointerdown", () => { pressed = true; }, true);
  for (const end of ["pointerup", "pointercancel"]) {
    addEventListener(end, () => setTimeout(() => { // after the click that this is
      pressed = false;
      for (const [id, html] of held) replace(id, html);
      held.clear();
    }), true);
  }
  function replace(id, html) {
    const old = document.getElementById(id);
    if (!old) return;
    if (pressed) {
      held.set(id, html);
      return;
    }
    const active = document.activeElement?.closest?.("#" + id + " a")?.getAttribute("href");
    old.innerHTML = html; // from our own server, escaped there; the page's policy lets no script of it run
    if (active) old.querySelector(`a[href="${CSS.escape(active)}"]`)?.focus();
  }
  async function again(name) { // this alert was decided elsewhere, or told anew: show that, and keep what is being written here
    const page = await fetch(location.pathname, { headers: { "X-Again": "1" } });
    if (!page.ok) return;
    const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
    const writing = document.querySelector("#why")?.value ?? "";
    for (const id of ["verdict", "decision", "history", "whereabouts", "plan", "facts", "evidence"]) {
      const [old, young] = [document.getElementById(id), fresh.getElementById(id)];
      if (old && young) old.replaceWith(young);
    }
    const why = document.querySelector("#why");
    if (why && writing) why.value = writing;
    tellAgo();
  }

  async function freshen(which = "[data-fresh]") { // a list that others work at too; not while somebody writes in it
    for (const old of document.querySelectorAll(which)) {
      const writes = () => [...old.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);
      const page = writes() ? null : await fetch(location.href, { headers: { "X-Again": "1" } });
      if (!page?.ok) continue;
      const young = new DOMParser().parseFromString(await page.text(), "text/html").getElementById(old.id);
      const held = old.contains(document.activeElement) ? document.activeElement.id : "";
      if (young && !writes()) old.replaceWith(young);
      if (held) document.getElementById(held)?.focus();
    }
  }

  setInterval(() => { if (document.querySelector("[data-poll]")) freshen("[data-poll]"); }, 1000); // work that goes on

  let refresh = null; // what changes within a second is asked for once
  const source = new EventSource("/live");
  source.addEventListener("beat", (event) => {
    heardThere = Number(event.data);
    ahead = heardThere - Date.now();
    news();
  });
  source.addEventListener("news", (event) => {
    const told = JSON.parse(event.data);
    if (told.alerts !== undefined) replace("alerts", told.alerts);
    if (told.marks !== undefined) setMarks(told.marks);
    if (told.title !== undefined && document.body.dataset.page === "now") document.title = told.title;
    if (told.east !== undefined) root.dataset.east = told.east; // summer time begins and ends
    if (told.fresh?.length) {
      const said = document.querySelector("#said");
      if (said) said.textContent = told.fresh.join(". ");
      ring();
    }
    const mine = document.body.dataset.alert;
    if (mine && told.changed?.includes(mine)) again(mine);
    if (told.changed?.length) refresh ??= setTimeout(() => { refresh = null; freshen(); }, 1000);
    tellAgo();
    tellClock();
    news();
  });
})();
