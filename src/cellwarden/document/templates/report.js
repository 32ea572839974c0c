"use strict";
// The page works without this script; with it the pictures zoom, boxes and rows find each other, and the table sorts.
const language = document.documentElement.lang, boxes = new Map(), tip = document.createElement("div");
const LEAST_PIXELS = 8, DEEPEST = 1e-7;
tip.className = "tip"; tip.hidden = true; document.body.append(tip);
const numbers = places => new Intl.NumberFormat(language, { minimumFractionDigits: places, maximumFractionDigits: places, useGrouping: false });

// Multiples of 1, 2 or 5 times a power of ten, as pictures.ticks has them.
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(wanted, 1), power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= rough * 0.999);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), words = numbers(Math.min(places, 20)), found = [];
  for (let n = Math.ceil(low / step - 1e-9); n <= Math.floor(high / step + 1e-9); n++)
    found.push([n * step, words.format(n * step + 0).replace("-", "−")]);
  return found;
}

function put(parent, name, attributes, text) {
  const made = document.createElementNS(parent.namespaceURI, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
}

function panel(figure) {
  const svg = figure.querySelector("svg.map"), where = figure.querySelector(".where"), image = svg.querySelector("image");
  const pair = name => svg.dataset[name].split(" ").map(Number), [x0, x1] = pair("x"), [y0, y1] = pair("y");
  const [left, right, top, bottom] = pair("margins"), [, , wide, high] = pair2(svg.getAttribute("viewBox"));
  const across = wide - left - right, down = high - top - bottom, unit = svg.dataset.unit;
  const items = [...svg.querySelectorAll("rect")].map(rect => {
    const [x, y, w, h] = ["x", "y", "width", "height"].map(name => parseFloat(rect.getAttribute(name)));
    const title = rect.querySelector("title");
    rect.dataset.tip = title.textContent; title.remove();
    return { rect, x: (x - left) / across, y: (y - top) / down, w: w / across, h: h / down };
  });
  let view = { x: 0, y: 0, w: 1, h: 1 }, W = wide, H = high, pw = across, ph = down, waiting = false;
  const pointers = new Map();
  let moved = 0;

  function fit() {
    W = Math.max(280, svg.clientWidth); H = Math.min(520, Math.max(300, W * 0.46));
    pw = W - left - right; ph = H - top - bottom;
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    const edge = `M${left} ${top}h${pw}v${ph}h${-pw}z`;
    svg.querySelectorAll(".outline, .edge").forEach(p => p.setAttribute("d", edge));
    draw();
  }
  function draw() {
    view.w = Math.min(1, Math.max(DEEPEST, view.w)); view.h = Math.min(1, Math.max(1e-4, view.h));
    view.x = Math.max(0, Math.min(1 - view.w, view.x)); view.y = Math.max(0, Math.min(1 - view.h, view.y));
    if (!waiting) { waiting = true; requestAnimationFrame(paint); }
  }
  function place(element, x, y, w, h) {
    element.setAttribute("x", x); element.setAttribute("y", y); element.setAttribute("width", w); element.setAttribute("height", h);
  }
  function paint() {
    waiting = false;
    const sx = pw / view.w, sy = ph / view.h;
    place(image, left - view.x * sx, top - view.y * sy, sx, sy);
    for (const { rect, x, y, w, h } of items) {
      const out = x > view.x + view.w || x + w < view.x || y > view.y + view.h || y + h < view.y;
      rect.style.display = out ? "none" : "";
      if (out) continue;
      // However narrow a box is, it stays large enough to be seen and hit.
      const bw = Math.max(LEAST_PIXELS, w * sx), bh = Math.max(LEAST_PIXELS, h * sy);
      place(rect, left + (x + w / 2 - view.x) * sx - bw / 2, top + (y + h / 2 - view.y) * sy - bh / 2, bw, bh);
    }
    axes();
  }
  function axes() {
    const X = f => x0 + f * (x1 - x0), Y = f => y1 - f * (y1 - y0), gx = svg.querySelector(".axis.x"), gy = svg.querySelector(".axis.y");
    gx.replaceChildren(); gy.replaceChildren();
    for (const [value, words] of ticks(X(view.x), X(view.x + view.w), pw / 95)) {
      const at = left + ((value - x0) / (x1 - x0) - view.x) / view.w * pw;
      put(gx, "path", { d: `M${at} ${H - bottom}v5` }); put(gx, "text", { x: at, y: H - bottom + 18 }, words);
    }
    for (const [value, words] of ticks(Y(view.y + view.h), Y(view.y), ph / 45)) {
      const at = top + ((y1 - value) / (y1 - y0) - view.y) / view.h * ph;
      put(gy, "path", { d: `M${left} ${at}h-5` }); put(gy, "text", { x: left - 8, y: at + 4 }, words);
    }
    svg.querySelector(".across").setAttribute("x", left + pw / 2); svg.querySelector(".across").setAttribute("y", H - 5);
    svg.querySelector(".up").setAttribute("transform", `translate(13 ${top + ph / 2}) rotate(-90)`);
    // A place in the view is told as finely as a pixel of it.
    const fine = (a, b, pixels) => numbers(Math.min(9, Math.max(0, Math.ceil(-Math.log10(Math.abs(b - a) / pixels)))));
    where.said = (fx, fy) => `${fine(X(0), X(view.w), pw).format(X(fx))} ${unit}, ${fine(Y(0), Y(view.h), ph).format(Y(fy))} MHz`.replaceAll("-", "−");
    where.textContent = `${where.said(view.x, view.y + view.h)} – ${where.said(view.x + view.w, view.y)}`;
  }
  function zoom(factor, px = 0.5, py = 0.5, both = true) {
    const fy = both ? factor : 1;
    view = { x: view.x + px * view.w * (1 - factor), y: view.y + py * view.h * (1 - fy), w: view.w * factor, h: view.h * fy };
    draw();
  }
  // Where an event lies in the plot, as parts of its width and height.
  function at(event) {
    const r = svg.getBoundingClientRect(), k = W / r.width;
    return [((event.clientX - r.left) * k - left) / pw, ((event.clientY - r.top) * k - top) / ph];
  }
  svg.addEventListener("wheel", e => { e.preventDefault(); zoom(e.deltaY > 0 ? 1.25 : 0.8, ...at(e), !e.shiftKey); }, { passive: false });
  svg.addEventListener("dblclick", e => zoom(0.4, ...at(e)));
  svg.addEventListener("pointerdown", e => { pointers.set(e.pointerId, at(e)); if (pointers.size === 1) moved = 0; });
  const up = e => pointers.delete(e.pointerId);
  ["pointerup", "pointercancel", "pointerleave"].forEach(name => svg.addEventListener(name, up));
  svg.addEventListener("pointerleave", () => { tip.hidden = true; axes(); });
  svg.addEventListener("pointermove", e => {
    const here = at(e), before = pointers.get(e.pointerId);
    if (!before) { hover(e, here); return; }
    tip.hidden = true;
    moved += Math.hypot((here[0] - before[0]) * pw, (here[1] - before[1]) * ph);
    if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== e.pointerId)[1], gap = p => Math.max(0.02, Math.hypot(p[0] - other[0], p[1] - other[1]));
      zoom(gap(before) / gap(here), ...other);
    } else { view.x -= (here[0] - before[0]) * view.w; view.y -= (here[1] - before[1]) * view.h; draw(); }
    pointers.set(e.pointerId, here);
  });
  function hover(e, here) {
    const words = e.target.dataset.tip;
    if (where.said) where.textContent = where.said(view.x + here[0] * view.w, view.y + here[1] * view.h);
    tip.hidden = words === undefined;
    if (tip.hidden) return;
    tip.textContent = words;
    tip.style.left = `${Math.max(4, Math.min(e.clientX + 14, innerWidth - tip.offsetWidth - 8))}px`; tip.style.top = `${e.clientY + 16}px`;
  }
  svg.addEventListener("click", e => { if (moved < 6 && e.target.dataset.row !== undefined) choose(+e.target.dataset.row, false); });
  const keys = { "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), "0": whole,
    ArrowLeft: () => { view.x -= view.w / 8; draw(); }, ArrowRight: () => { view.x += view.w / 8; draw(); },
    ArrowUp: () => { view.y -= view.h / 8; draw(); }, ArrowDown: () => { view.y += view.h / 8; draw(); } };
  svg.addEventListener("keydown", e => { if (keys[e.key] && !e.ctrlKey && !e.metaKey) { e.preventDefault(); keys[e.key](); } });
  function whole() { view = { x: 0, y: 0, w: 1, h: 1 }; draw(); }
  figure.querySelector(".closer").onclick = () => zoom(0.7);
  figure.querySelector(".farther").onclick = () => zoom(1 / 0.7);
  figure.querySelector(".all").onclick = whole;
  for (const item of items) boxes.set(+item.rect.dataset.row, {
    rect: item.rect, figure, words: item.rect.dataset.tip,
    show() {
      const w = Math.min(1, item.w * 8), h = Math.min(1, Math.max(item.h * 4, 0.02));
      view = { x: item.x + item.w / 2 - w / 2, y: item.y + item.h / 2 - h / 2, w, h }; draw();
    },
  });
  new ResizeObserver(fit).observe(figure);
  fit();
}
function pair2(text) { return text.split(" ").map(Number); }

const body = document.querySelector("tbody"), scroll = document.querySelector(".scroll");

// Mark an emission's box and row; either go to its box, or bring its row into the table's window.
function choose(row, go) {
  document.querySelectorAll(".chosen:not(.boxed)").forEach(e => e.classList.remove("chosen"));
  const box = boxes.get(row), line = document.getElementById("row" + row);
  if (line) {
    line.classList.add("chosen");
    scroll.scrollTop += line.getBoundingClientRect().top - scroll.getBoundingClientRect().top - scroll.clientHeight / 2;
  }
  if (!box) return;
  box.rect.classList.add("chosen"); box.rect.parentNode.append(box.rect);
  document.getElementById("said").textContent = box.words;
  if (go) { box.show(); box.figure.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" }); }
}

function table() {
  const rows = [...body.rows], first = document.getElementById("first"), only = document.getElementById("only");
  const titles = [...document.querySelectorAll("thead th")];
  let column = 0, way = 1;
  // Numbers by size, words by the alphabet.
  const value = tr => { const v = tr.cells[column].dataset.v, n = Number(v); return v !== "" && !Number.isNaN(n) ? n : v; };
  function order() {
    const keyed = rows.map((tr, i) => [first.checked && !tr.classList.contains("phone"), value(tr), i, tr]);
    keyed.sort((a, b) => a[0] - b[0] || way * (typeof a[1] === "number" && typeof b[1] === "number" ? a[1] - b[1] : String(a[1]).localeCompare(String(b[1]), language)) || a[2] - b[2]);
    for (const [, , , tr] of keyed) tr.hidden = only.checked && !tr.classList.contains("phone");
    body.append(...keyed.map(k => k[3]));
  }
  titles.forEach((th, index) => {
    const button = th.querySelector("button");
    if (button) button.onclick = () => {
      way = column === index ? -way : 1; column = index;
      titles.forEach(t => t.removeAttribute("aria-sort")); th.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
      order();
    };
  });
  first.onchange = only.onchange = order;
  body.addEventListener("click", e => {
    const tr = e.target.closest("tr");
    if (tr && !e.target.closest("a, button")) choose(+tr.dataset.row, true);
  });
}

document.querySelectorAll("figure.panel").forEach(panel);
if (body) table();
document.querySelectorAll("button.go").forEach(button => { button.onclick = () => choose(+button.dataset.row, true); });
