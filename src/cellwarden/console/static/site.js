"use strict";
// Draws a site's plan: rooms by their corners, walls by their ends, sensors; by finger, mouse or keyboard. The form beside it
// keeps all of it as JSON, in the words of the site's file.
(() => {
  const editor = document.querySelector("#editor");
  if (!editor) return;
  const get = (id) => document.getElementById(id);
  const { words, kinds, materials } = JSON.parse(editor.dataset.settings);
  const sheet = get("sheet"), form = get("plan"), SVG = "http://www.w3.org/2000/svg";
  const STEP_M = 0.1, FAR_M = 1, SNAP_PX = 12, SENSOR_M = 2.5, MOST_UNDO = 100;
  const round = (value) => Math.round(value * 1000) / 1000;
  const grid = (value) => Math.round(value / STEP_M) * STEP_M;
  let plan = JSON.parse(form.value), floor = 0, tool = "select", chosen = null, corner = null, draft = [], cross = null, undone = [];
  for (const kind of ["floor", "room", "wall", "sensor"]) plan[kind] = Array.isArray(plan[kind]) ? plan[kind] : [];
  let view = { x: 0, y: 0, wide: 10, tall: 10 }; // metres; y grows downwards here, and upwards in the site

  // What there is
  const storey = () => plan.floor.find((one) => one.number === floor) ?? { number: 0, base_m: 0, height_m: 3 };
  const above = () => [...plan.floor].sort((a, b) => a.base_m - b.base_m).find((one) => one.base_m > storey().base_m);
  const here = (kind, one) => kind === "sensor" ? one.place_m[2] >= storey().base_m && (!above() || one.place_m[2] < above().base_m) || plan.floor.length < 2 : one.floor === floor;
  const things = () => ["room", "wall", "sensor"].flatMap((kind) => plan[kind].map((one, at) => ({ kind, one, at })).filter(({ one }) => here(kind, one)));
  const picked = () => chosen && plan[chosen.kind][chosen.at];
  const title = (kind, one, at) => `${words[kind]} ${one.name ?? at + 1}`;
  function change(what) {
    undone.push(JSON.stringify(plan)); undone = undone.slice(-MOST_UNDO);
    what();
    touched();
  }
  function touched() { form.value = JSON.stringify(plan); get("state").textContent = words.unsaved; editor.dataset.changed = "1"; show(); }
  const fresh = (kind, stem) => { for (let n = plan[kind].length + 1; ; n++) { const name = `${stem}-${String(n).padStart(3, "0")}`; if (!plan[kind].some((one) => one.name === name)) return name; } };
  const area = (points) => Math.abs(points.reduce((sum, [x, y], n) => sum + x * points[(n + 1) % points.length][1] - points[(n + 1) % points.length][0] * y, 0)) / 2;

  // The picture
  function make(name, values, parent = sheet) {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(values)) node.setAttribute(key, value);
    parent.append(node);
    return node;
  }
  const metre = () => view.wide / Math.max(1, sheet.clientWidth); // of a pixel
  function fit() {
    const all = things().flatMap(({ kind, one }) => kind === "room" ? (["outside", "yard"].includes(one.kind) ? [] : one.outline_m) : kind === "wall" ? [one.start_m, one.end_m] : [one.place_m]);
    const some = all.length ? all : things().filter(({ kind }) => kind === "room").flatMap(({ one }) => one.outline_m);
    const xs = some.map((p) => p[0]), ys = some.map((p) => -p[1]);
    const [x0, x1, y0, y1] = some.length ? [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)] : [0, 20, -15, 0];
    const wide = Math.max(x1 - x0, 4) * 1.12, tall = Math.max(y1 - y0, 4) * 1.12, ratio = sheet.clientWidth / Math.max(1, sheet.clientHeight);
    const scaled = Math.max(wide, tall * ratio);
    view = { wide: scaled, tall: scaled / ratio, x: (x0 + x1 - scaled) / 2, y: (y0 + y1 - scaled / ratio) / 2 };
  }
  function zoom(factor, at = [view.x + view.wide / 2, view.y + view.tall / 2]) {
    const wide = Math.min(Math.max(view.wide * factor, 2), 5000), share = wide / view.wide;
    view = { wide, tall: view.tall * share, x: at[0] - (at[0] - view.x) * share, y: at[1] - (at[1] - view.y) * share };
    draw();
  }
  function lines() {
    const each = [0.1, 0.5, 1, 5, 10, 50, 100].find((m) => m / metre() >= 28) ?? 500;
    for (let x = Math.ceil(view.x / each) * each; x < view.x + view.wide; x += each) make("line", { class: "grid", x1: x, x2: x, y1: view.y, y2: view.y + view.tall });
    for (let y = Math.ceil(view.y / each) * each; y < view.y + view.tall; y += each) make("line", { class: "grid", y1: y, y2: y, x1: view.x, x2: view.x + view.wide });
  }
  function draw() {
    sheet.setAttribute("viewBox", `${view.x} ${view.y} ${view.wide} ${view.tall}`);
    sheet.dataset.tool = tool;
    sheet.replaceChildren();
    lines();
    const px = metre(), mine = things();
    const rooms = mine.filter(({ kind }) => kind === "room").sort((a, b) => area(b.one.outline_m) - area(a.one.outline_m));
    for (const { one, at } of rooms) {
      const group = make("g", { "data-kind": "room", "data-at": at });
      make("polygon", { class: `shape ${one.kind}${is("room", at) ? " chosen" : ""}`, points: one.outline_m.map(([x, y]) => `${x},${-y}`).join(" ") }, group);
      const xs = one.outline_m.map((p) => p[0]), ys = one.outline_m.map((p) => p[1]);
      const width = Math.max(...xs) - Math.min(...xs), size = Math.min(14 * px, 1.5 * width / Math.max(one.name.length, 3));
      if (size / px > 6 && !["outside", "yard"].includes(one.kind)) make("text", { x: (Math.min(...xs) + Math.max(...xs)) / 2, y: -(Math.min(...ys) + Math.max(...ys)) / 2 + size / 3, "font-size": size }, group).textContent = one.name;
    }
    for (const { one, at } of mine.filter(({ kind }) => kind === "wall")) {
      const ends = { x1: one.start_m[0], y1: -one.start_m[1], x2: one.end_m[0], y2: -one.end_m[1] };
      const group = make("g", { "data-kind": "wall", "data-at": at });
      make("line", { class: "reach", ...ends }, group);
      make("line", { class: `line${is("wall", at) ? " chosen" : ""}`, ...ends }, group);
    }
    for (const { one, at } of mine.filter(({ kind }) => kind === "sensor")) {
      const group = make("g", { "data-kind": "sensor", "data-at": at }), [x, y] = one.place_m;
      make("circle", { class: "reach", cx: x, cy: -y, r: 4 * px, fill: "transparent" }, group);
      make("circle", { class: `mast${is("sensor", at) ? " chosen" : ""}`, cx: x, cy: -y, r: 7 * px }, group);
      make("text", { x, y: -y - 11 * px, "font-size": 12 * px }, group).textContent = one.name;
    }
    handles(px);
    if (draft.length) make("polyline", { class: "draft", points: [...draft, ...(cross ? [cross] : [])].map(([x, y]) => `${x},${-y}`).join(" ") });
    for (const [x, y] of draft) make("circle", { class: "handle", cx: x, cy: -y, r: 5 * px });
    if (cross && tool !== "select") {
      make("line", { class: "cross", x1: cross[0] - 14 * px, x2: cross[0] + 14 * px, y1: -cross[1], y2: -cross[1] });
      make("line", { class: "cross", x1: cross[0], x2: cross[0], y1: -cross[1] - 14 * px, y2: -cross[1] + 14 * px });
    }
    get("at").textContent = cross && tool !== "select" ? `${cross[0].toFixed(1)} m, ${cross[1].toFixed(1)} m` : "";
  }
  const is = (kind, at) => chosen?.kind === kind && chosen.at === at;
  const points = (one, kind) => kind === "room" ? one.outline_m : kind === "wall" ? [one.start_m, one.end_m] : [];
  function handles(px) {
    if (!chosen || tool !== "select") return;
    points(picked(), chosen.kind).forEach(([x, y], n) => make("circle", { class: "handle", cx: x, cy: -y, r: (n === corner ? 9 : 7) * px, "data-corner": n }));
  }

  // Fields and lists
  function field(label, value, set, options) {
    const box = document.createElement("div"), name = document.createElement("label"), id = `f-${get("fields").childElementCount}`;
    const input = document.createElement(options === "lines" ? "textarea" : options ? "select" : "input");
    name.htmlFor = id; name.textContent = label; input.id = id;
    if (options && options !== "lines") for (const [key, word] of Object.entries(options)) input.add(new Option(word, key));
    if (options === "lines") input.rows = Math.min(8, value.split("\n").length + 1);
    if (typeof value === "number") { input.type = "number"; input.step = "any"; }
    input.value = value;
    input.addEventListener("change", () => {
      const told = typeof value === "number" ? Number(input.value) : input.value;
      if (typeof value !== "number" || (input.value !== "" && Number.isFinite(told))) change(() => set(told));
    });
    box.append(name, input);
    get("fields").append(box);
  }
  function fields() {
    const active = document.activeElement?.id, one = picked();
    get("fields").replaceChildren();
    if (!chosen || !one) {
      const said = document.createElement("p");
      said.className = "soft"; said.textContent = words.nothing;
      get("fields").append(said);
      return;
    }
    if (one.name !== undefined) field(words.name, one.name, (value) => { one.name = value; });
    if (chosen.kind === "room") {
      field(words.kind, one.kind, (value) => { one.kind = value; }, kinds);
      field(words.corners, one.outline_m.map((p) => p.join(" ")).join("\n"), (value) => {
        const told = value.trim().split("\n").map((line) => line.trim().split(/[\s;]+/).map(Number));
        if (told.length > 2 && told.every((p) => p.length === 2 && p.every(Number.isFinite))) one.outline_m = told;
      }, "lines");
    } else if (chosen.kind === "wall") {
      field(words.material, one.material, (value) => { one.material = value; }, materials);
      [["x", "start_m", 0], ["y", "start_m", 1], ["x2", "end_m", 0], ["y2", "end_m", 1]].forEach(([word, key, n]) => field(words[word], one[key][n], (value) => { one[key][n] = value; }));
    } else if (chosen.kind === "sensor") {
      ["x", "y", "z"].forEach((word, n) => field(words[word], one.place_m[n], (value) => { one.place_m[n] = value; }));
      field(words.offset_db, one.offset_db ?? 0, (value) => { one.offset_db = value; });
    } else {
      field(words.base_m, one.base_m, (value) => { one.base_m = value; });
      field(words.height_m, one.height_m, (value) => { one.height_m = value; });
    }
    get(active ?? "")?.focus();
  }
  function list() {
    const active = document.activeElement?.dataset?.key;
    get("list").replaceChildren(...things().map(({ kind, one, at }) => {
      const line = document.createElement("li"), button = document.createElement("button");
      button.type = "button"; button.textContent = title(kind, one, at); button.dataset.key = kind + at;
      if (is(kind, at)) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => choose(kind, at));
      line.append(button);
      return line;
    }));
    if (active) get("list").querySelector(`[data-key="${CSS.escape(active)}"]`)?.focus();
  }
  function floors() {
    const select = get("floor");
    select.replaceChildren(...[...plan.floor].sort((a, b) => b.base_m - a.base_m).map((one) => new Option(one.name, one.number, false, one.number === floor)));
  }
  function show() { floors(); fields(); list(); draw(); }
  function choose(kind, at) {
    if (tool !== "select") use("select");
    chosen = kind ? { kind, at } : null; corner = null;
    show();
  }
  function use(name) {
    tool = name; draft = []; cross = null;
    if (name !== "select") { chosen = null; cross = [grid(view.x + view.wide / 2), grid(-view.y - view.tall / 2)]; }
    for (const button of document.querySelectorAll("[data-tool]")) if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.tool === name));
    get("how").textContent = words[name];
    show();
  }

  // Drawing
  function near(place) { // a corner close by, else the grid: what is to touch touches
    const reach = SNAP_PX * metre();
    let best = null, least = reach;
    for (const { kind, one, at } of things()) {
      for (const [n, p] of points(one, kind).entries()) {
        const away = Math.hypot(p[0] - place[0], p[1] - place[1]);
        if (away < least && !(is(kind, at) && n === corner)) { best = p; least = away; }
      }
    }
    return best ? [best[0], best[1]] : [round(grid(place[0])), round(grid(place[1]))];
  }
  function put(place) {
    if (tool === "place-sensor") {
      const base = storey().base_m;
      change(() => plan.sensor.push({ name: fresh("sensor", "S"), place_m: [...place, round(base + SENSOR_M)], antenna: "omni", bands: [], offset_db: 0 }));
      choose("sensor", plan.sensor.length - 1);
    } else if (tool === "draw-wall") {
      const [start] = draft;
      draft = [place];
      if (start && (start[0] !== place[0] || start[1] !== place[1])) change(() => plan.wall.push({ floor, start_m: start, end_m: place, material: "concrete" }));
      else draw();
    } else if (draft.length > 2 && Math.hypot(draft[0][0] - place[0], draft[0][1] - place[1]) < SNAP_PX * metre()) close();
    else { draft.push(place); draw(); }
  }
  function close() {
    if (tool !== "draw-room" || draft.length < 3) return;
    const outline = draft;
    change(() => plan.room.push({ name: fresh("room", "R"), kind: "cell", floor, outline_m: outline }));
    choose("room", plan.room.length - 1);
  }
  function shift(dx, dy, one = picked(), kind = chosen?.kind) {
    const move = (p) => { p[0] = round(p[0] + dx); p[1] = round(p[1] + dy); };
    if (kind === "sensor") move(one.place_m);
    else if (corner !== null) move(points(one, kind)[corner]);
    else points(one, kind).forEach(move);
  }
  function remove() {
    if (!chosen) return;
    const { kind, at } = chosen;
    if (kind === "room" && corner !== null && picked().outline_m.length > 3) { change(() => { picked().outline_m.splice(corner, 1); corner = null; }); return; }
    get("how").textContent = `${title(kind, picked(), at)}: ${words.taken}`;
    chosen = null; corner = null;
    change(() => plan[kind].splice(at, 1));
  }

  const spot = (event) => {
    const box = sheet.getBoundingClientRect();
    return [view.x + (event.clientX - box.left) / box.width * view.wide, view.y + (event.clientY - box.top) / box.height * view.tall];
  };
  let drag = null;
  sheet.addEventListener("pointerdown", (event) => {
    const [x, y] = spot(event), place = [x, -y];
    sheet.setPointerCapture(event.pointerId);
    sheet.focus({ preventScroll: true });
    if (tool !== "select") { cross = near(place); drag = { tool, x: event.clientX, y: event.clientY, view: { ...view } }; draw(); return; }
    const handle = event.target.dataset?.corner, group = event.target.closest?.("g[data-kind]");
    if (handle !== undefined) { corner = Number(handle); drag = { corner, before: JSON.stringify(plan), moved: false }; draw(); return; }
    if (group) {
      const kind = group.dataset.kind, at = Number(group.dataset.at), held = is(kind, at) || kind === "sensor";
      choose(kind, at);
      drag = held ? { thing: true, from: place, before: JSON.stringify(plan), origin: structuredClone(picked()), moved: false } : { pan: [event.clientX, event.clientY], view: { ...view } };
    } else { choose(null); drag = { pan: [event.clientX, event.clientY], view: { ...view } }; }
  });
  sheet.addEventListener("pointermove", (event) => {
    const [x, y] = spot(event), place = [x, -y];
    if (tool !== "select") { cross = near(place); draw(); return; }
    if (!drag) return;
    if (drag.pan) {
      view = { ...view, x: drag.view.x - (event.clientX - drag.pan[0]) * metre(), y: drag.view.y - (event.clientY - drag.pan[1]) * metre() };
    } else if (drag.corner !== undefined) {
      const to = near(place), p = points(picked(), chosen.kind)[drag.corner];
      drag.moved ||= to[0] !== p[0] || to[1] !== p[1];
      p[0] = to[0]; p[1] = to[1];
    } else if (drag.thing) {
      const dx = grid(place[0] - drag.from[0]), dy = grid(place[1] - drag.from[1]);
      if (!dx && !dy && !drag.moved) return;
      drag.moved = true;
      plan[chosen.kind][chosen.at] = structuredClone(drag.origin);
      shift(dx, dy);
    }
    draw();
  });
  sheet.addEventListener("pointerup", (event) => {
    if (tool !== "select" && drag) { const [x, y] = spot(event); put(near([x, -y])); }
    else if (drag?.moved) { undone.push(drag.before); touched(); }
    drag = null;
  });
  sheet.addEventListener("pointercancel", () => { drag = null; });
  sheet.addEventListener("wheel", (event) => { event.preventDefault(); zoom(event.deltaY < 0 ? 0.85 : 1.18, spot(event)); }, { passive: false });
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  sheet.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key], step = event.shiftKey ? FAR_M : STEP_M;
    if (arrow && tool !== "select") { cross = [round(cross[0] + arrow[0] * step), round(cross[1] + arrow[1] * step)]; draw(); }
    else if (arrow && chosen) change(() => shift(arrow[0] * step, arrow[1] * step));
    else if ((event.key === "Enter" || event.key === " ") && tool !== "select") put(near(cross));
    else if (event.key.toLowerCase() === "c" && tool === "draw-room") close();
    else if (event.key === "Escape") { if (draft.length) { draft = []; draw(); } else use("select"); }
    else if (event.key === "Delete") remove();
    else if (event.key === "+") zoom(0.8);
    else if (event.key === "-") zoom(1.25);
    else return;
    event.preventDefault();
  });

  for (const button of document.querySelectorAll("button[data-tool]")) button.addEventListener("click", () => { use(button.dataset.tool); sheet.focus({ preventScroll: true }); });
  get("closer").addEventListener("click", () => zoom(0.7));
  get("wider").addEventListener("click", () => zoom(1.4));
  get("whole").addEventListener("click", () => { fit(); draw(); });
  get("remove").addEventListener("click", remove);
  get("undo").addEventListener("click", () => {
    const before = undone.pop();
    if (!before) return;
    plan = JSON.parse(before); chosen = null; corner = null;
    if (!plan.floor.some((one) => one.number === floor)) floor = plan.floor[0]?.number ?? 0;
    touched();
  });
  get("floor").addEventListener("change", (event) => { floor = Number(event.target.value); choose(null); fit(); draw(); });
  get("add-floor").addEventListener("click", () => {
    const top = [...plan.floor].sort((a, b) => b.base_m - a.base_m)[0], number = Math.max(-1, ...plan.floor.map((one) => one.number)) + 1;
    change(() => plan.floor.push({ number, name: `${words.floor} ${number}`, base_m: top ? round(top.base_m + top.height_m) : 0, height_m: top?.height_m ?? 3 }));
    floor = number;
    choose("floor", plan.floor.length - 1);
  });
  get("floor").addEventListener("focus", () => { const at = plan.floor.findIndex((one) => one.number === floor); if (at >= 0 && chosen?.kind !== "floor") { chosen = { kind: "floor", at }; fields(); draw(); } });
  const name = get("site-name");
  name.value = plan.name ?? "";
  name.addEventListener("change", () => change(() => { plan.name = name.value; }));
  let sent = false;
  for (const one of document.querySelectorAll("form")) one.addEventListener("submit", () => { sent = true; });
  addEventListener("beforeunload", (event) => { if (editor.dataset.changed && !sent) event.preventDefault(); });
  addEventListener("resize", () => { view.tall = view.wide * sheet.clientHeight / Math.max(1, sheet.clientWidth); draw(); });
  if (editor.dataset.changed) get("state").textContent = words.unsaved;
  floor = [...plan.floor].sort((a, b) => a.base_m - b.base_m)[0]?.number ?? 0;
  fit();
  use("select");
})();
