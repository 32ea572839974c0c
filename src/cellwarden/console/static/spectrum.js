"use strict";
// A live waterfall: rows from the server onto a canvas that is moved down, boxes and names drawn over it.
(() => {
  const area = document.querySelector("#spectrum");
  if (!area) return;
  const get = (id) => document.getElementById(id);
  const canvas = get("waterfall"), pen = canvas.getContext("2d");
  const MOST_ROWS = 500, ROW_PX = 3, AXIS_PX = 24, TIME_PX = 58;
  const DARK = 16, BRIGHT = 90; // half decibels over noise; noise's loudest moment stands at some 18
  const ENDS_MS = 300; // bursts of a train closer than this are one box
  const LATELY_MS = 10000, SLOW_S = 8;
  const words = area.dataset, lang = document.documentElement.lang;
  const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZone: "UTC" };
  const clock = (ms) => new Date(ms + document.documentElement.dataset.east * 60000).toLocaleTimeString(lang, CLOCK);
  const digits = (value, count) => value.toLocaleString(lang, { minimumFractionDigits: count, maximumFractionDigits: count });
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Black over blue and orange to white: it grows in lightness, so that it reads in grey as well.
  const STOPS = [[6, 8, 14], [40, 50, 140], [190, 80, 110], [250, 170, 60], [255, 255, 230]];
  const COLOURS = new Uint8Array(256 * 4);
  for (let level = 0; level < 256; level++) {
    const at = Math.min(Math.max((level - DARK) / (BRIGHT - DARK), 0), 1) * (STOPS.length - 1), n = Math.min(Math.floor(at), STOPS.length - 2);
    for (let c = 0; c < 3; c++) COLOURS[4 * level + c] = STOPS[n][c] + (at - n) * (STOPS[n + 1][c] - STOPS[n][c]);
    COLOURS[4 * level + 3] = 255;
  }

  class Band { // rows of one stretch of frequency, the newest first
    constructor(low, high, parts) {
      Object.assign(this, { low, high, parts, rows: [], boxes: [], from: low, to: high });
      this.picture = document.createElement("canvas");
      this.picture.width = parts; this.picture.height = MOST_ROWS;
      this.pen = this.picture.getContext("2d", { willReadFrequently: false });
    }
    add(row) {
      const line = this.pen.createImageData(this.parts, 1);
      for (let n = 0; n < this.parts; n++) line.data.set(COLOURS.subarray(4 * row.levels[n], 4 * row.levels[n] + 4), 4 * n);
      this.pen.drawImage(this.picture, 0, 1);
      this.pen.putImageData(line, 0, 0);
      this.rows.unshift(row);
      this.rows.length = Math.min(this.rows.length, MOST_ROWS);
      const oldest = this.rows.at(-1).t0;
      this.boxes = this.boxes.filter((box) => box.t1 >= oldest);
    }
    box([t0, t1, low, high, label, snr, phone, train]) {
      const known = this.boxes.find((b) => b.train === train && b.label === label && Math.abs(b.low - low) < 30e3 && Math.abs(b.high - high) < 30e3 && t0 - b.t1 < ENDS_MS);
      if (known) { known.t0 = Math.min(known.t0, t0); known.t1 = Math.max(known.t1, t1); known.snr = snr; }
      else this.boxes.push({ t0, t1, low, high, label, snr, phone, train });
    }
    zoom(factor, middle = (this.from + this.to) / 2) {
      const width = Math.min(Math.max((this.to - this.from) * factor, 4 * (this.high - this.low) / this.parts), this.high - this.low);
      const share = (middle - this.from) / (this.to - this.from);
      this.show(middle - share * width, width);
    }
    show(from, width) {
      this.from = Math.min(Math.max(from, this.low), this.high - width);
      this.to = this.from + width;
    }
    move(share) { this.show(this.from + share * (this.to - this.from), this.to - this.from); }
    y(time) { // of a time, in rows from the top
      const { rows } = this;
      let a = 0, b = rows.length - 1;
      while (a < b) { const m = (a + b) >> 1; if (rows[m].t0 <= time) b = m; else a = m + 1; }
      const row = rows[a];
      return row ? a + Math.min(Math.max((row.t1 - time) / (row.t1 - row.t0), 0), 1) : 0;
    }
  }

  const bands = new Map();
  let shown = null, live = null, paused = false, missed = [], playing = null, heardAt = Date.now();
  const keyOf = (row) => Math.round(row.low / 1e4) + "-" + Math.round(row.high / 1e4) + "-" + row.levels.length;
  const name = (band) => `${digits(band.low / 1e6, 1)} – ${digits(band.high / 1e6, 1)} MHz`;

  function take(row) {
    const key = keyOf(row);
    let band = bands.get(key);
    if (!band) {
      band = new Band(row.low, row.high, row.levels.length);
      bands.set(key, band);
      const option = new Option(name(band), key);
      get("band").add(option);
      get("bands").hidden = bands.size < 2;
      if (!live) live = band;
      if (!shown) shown = band;
    }
    band.add(row);
    for (const box of row.heard) {
      const middle = (box[2] + box[3]) / 2;
      for (const other of bands.values()) if (other.low <= middle && middle <= other.high) other.box(box);
    }
  }

  function say(text) { const told = get("told"); if (told.textContent !== text) told.textContent = text; }
  function status() {
    if (playing) say(words.replay.replace("{label}", playing.label).replace("{ms}", digits(1000 * playing.seconds, 1)));
    else if (!live) say(Date.now() - heardAt > 10000 ? words.noRows : get("told").textContent);
    else say(paused ? words.paused : Date.now() - heardAt > 5000 ? words.noRows : words.live.replace("{band}", name(shown)));
  }

  function draw() {
    const box = canvas.getBoundingClientRect(), scale = devicePixelRatio || 1;
    const wide = Math.round(box.width * scale), tall = Math.round(box.height * scale);
    if (canvas.width !== wide || canvas.height !== tall) { canvas.width = wide; canvas.height = tall; }
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.fillStyle = "#06080e"; pen.fillRect(0, 0, box.width, box.height);
    if (!shown) return;
    const left = TIME_PX, top = AXIS_PX, across = box.width - left, down = box.height - top;
    const step = playing ? Math.max(1, Math.min(ROW_PX, down / playing.count)) : ROW_PX;
    const count = Math.min(shown.rows.length, Math.floor(down / step));
    const sx = (shown.from - shown.low) / (shown.high - shown.low) * shown.parts;
    const sw = (shown.to - shown.from) / (shown.high - shown.low) * shown.parts;
    pen.imageSmoothingEnabled = false;
    if (count) pen.drawImage(shown.picture, sx, 0, sw, count, left, top, across, count * step);
    const x = (hz) => left + (hz - shown.from) / (shown.to - shown.from) * across;
    axes(left, top, across, count, step, x);
    pen.save(); pen.beginPath(); pen.rect(left, top, across, down); pen.clip();
    let lastY = -99;
    for (const one of [...shown.boxes].sort((a, b) => b.t1 - a.t1)) {
      const y0 = top + shown.y(one.t1) * step, y1 = Math.max(top + shown.y(one.t0) * step, y0 + 3);
      const x0 = Math.round(x(one.low)) - 1.5, x1 = Math.max(Math.round(x(one.high)) + 1.5, x0 + 6);
      if (x1 < left || x0 > box.width || y0 > box.height) continue;
      pen.strokeStyle = one.phone ? "#ffffff" : "#9fb4cc"; pen.lineWidth = one.phone ? 2 : 1;
      pen.setLineDash(one.phone ? [] : [4, 3]);
      pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
      pen.setLineDash([]);
      pen.font = "13px system-ui, sans-serif";
      const width = pen.measureText(one.label).width + 8, at = x1 + width > box.width ? x0 - width : x1;
      if (Math.abs(y0 - lastY) < 4 && !one.phone) continue; // a crowd's names would hide each other
      lastY = y0;
      pen.fillStyle = "rgba(6,8,14,.75)"; pen.fillRect(at, y0, width, 17);
      pen.fillStyle = one.phone ? "#ffffff" : "#c6d4e4"; pen.fillText(one.label, at + 4, y0 + 13);
    }
    pen.restore();
  }

  function axes(left, top, across, count, step, x) {
    pen.fillStyle = "#c6d4e4"; pen.strokeStyle = "rgba(198,212,228,.25)"; pen.lineWidth = 1; pen.font = "12px system-ui, sans-serif";
    const width = shown.to - shown.from, rough = width / Math.max(2, Math.floor(across / 110));
    const power = 10 ** Math.floor(Math.log10(rough)), tick = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
    const places = Math.max(0, Math.min(4, 6 - Math.floor(Math.log10(tick))));
    for (let hz = Math.ceil(shown.from / tick) * tick; hz < shown.to; hz += tick) {
      const at = Math.round(x(hz)) + 0.5, text = digits(hz / 1e6, places);
      pen.beginPath(); pen.moveTo(at, top - 6); pen.lineTo(at, top + count * step); pen.stroke();
      pen.fillText(text, Math.min(Math.max(at - pen.measureText(text).width / 2, left), left + across - pen.measureText(text).width), 14);
    }
    pen.fillText("MHz", 6, 14);
    for (let n = 0; n < count; n += Math.max(1, Math.round(60 / step))) {
      const row = shown.rows[n];
      const text = playing ? digits(row.t1, 2) + " ms" : clock(row.t1);
      pen.fillText(text, 2, top + n * step + 10);
    }
  }

  function table() {
    if (playing || !live) return;
    const newest = live.rows[0]?.t1 ?? 0, seen = new Map();
    for (const band of bands.values()) {
      for (const one of band.boxes) {
        const key = one.label + Math.round(one.low / 5e4);
        if (newest - one.t1 < LATELY_MS && (seen.get(key)?.t1 ?? 0) < one.t1) seen.set(key, one);
      }
    }
    const sorted = [...seen.values()].sort((a, b) => b.phone - a.phone || a.low - b.low).slice(0, 20);
    const body = get("heard");
    body.replaceChildren(...sorted.map((one) => {
      const line = document.createElement("tr");
      const cells = [[one.label, words.what], [digits((one.low + one.high) / 2e6, 3), "MHz"], [digits((one.high - one.low) / 1e3, 0), "kHz"], [digits(one.snr, 0) + " dB", body.dataset.snr], [digits(Math.max(0, (newest - one.t1) / 1000), 0) + " s", body.dataset.last]];
      cells.forEach(([text, title], n) => {
        const cell = line.insertCell();
        cell.textContent = text;
        if (n) { cell.className = "number"; cell.dataset.name = title; }
      });
      if (one.phone) line.cells[0].style.fontWeight = "700";
      return line;
    }));
    get("nothing").hidden = sorted.length > 0;
  }

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const source = new EventSource(area.dataset.source);
  source.addEventListener("rows", (event) => {
    const rows = JSON.parse(event.data);
    if (!rows.length) return;
    heardAt = Date.now();
    for (const row of rows) {
      row.levels = bytes(row.levels);
      if (paused) { missed.push(row); if (missed.length > MOST_ROWS) missed.shift(); } else take(row);
    }
    area.dataset.rows = String(Number(area.dataset.rows ?? 0) + rows.length);
    if (!paused && !playing) draw();
  });
  setInterval(() => { status(); if (!paused) table(); }, 1000);

  function pause(on) {
    paused = on;
    get("pause").setAttribute("aria-pressed", String(on));
    if (!on) { for (const row of missed) take(row); missed = []; }
    status(); draw();
  }
  const change = (what) => { if (shown) { what(shown); draw(); } };
  const ways = {
    closer: () => change((b) => b.zoom(0.5)), wider: () => change((b) => b.zoom(2)), whole: () => change((b) => b.zoom(Infinity)),
    left: () => change((b) => b.move(-0.25)), right: () => change((b) => b.move(0.25)), pause: () => pause(!paused), back: () => stop(),
  };
  for (const [id, way] of Object.entries(ways)) get(id).addEventListener("click", way);
  const KEYS = { "+": "closer", "=": "closer", "-": "wider", "−": "wider", ArrowLeft: "left", ArrowRight: "right", " ": "pause", "0": "whole" };
  canvas.addEventListener("keydown", (event) => {
    const id = KEYS[event.key];
    if (id) { event.preventDefault(); ways[id](); }
  });
  get("band").addEventListener("change", (event) => { live = bands.get(event.target.value); if (!playing) shown = live; status(); draw(); });

  const place = (event) => { // what lies under a pointer
    const box = canvas.getBoundingClientRect(), share = (event.clientX - box.left - TIME_PX) / (box.width - TIME_PX);
    const step = playing ? Math.max(1, Math.min(ROW_PX, (box.height - AXIS_PX) / playing.count)) : ROW_PX;
    const row = Math.floor((event.clientY - box.top - AXIS_PX) / step);
    return { hz: shown.from + Math.min(Math.max(share, 0), 1) * (shown.to - shown.from), row };
  };
  let dragged = null;
  canvas.addEventListener("wheel", (event) => { if (shown) { event.preventDefault(); shown.zoom(event.deltaY < 0 ? 0.8 : 1.25, place(event).hz); draw(); } }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => { if (shown) { dragged = { x: event.clientX, from: shown.from }; canvas.setPointerCapture(event.pointerId); } });
  canvas.addEventListener("pointerup", () => { dragged = null; });
  canvas.addEventListener("pointercancel", () => { dragged = null; });
  canvas.addEventListener("pointermove", (event) => {
    if (!shown) return;
    if (dragged) {
      const width = shown.to - shown.from;
      shown.show(dragged.from - (event.clientX - dragged.x) / (canvas.getBoundingClientRect().width - TIME_PX) * width, width);
      draw();
    }
    const { hz, row } = place(event), there = shown.rows[row];
    if (!there) return;
    const part = Math.min(shown.parts - 1, Math.max(0, Math.floor((hz - shown.low) / (shown.high - shown.low) * shown.parts)));
    const when = playing ? digits(there.t1, 2) + " ms" : clock(there.t1);
    get("spot").textContent = `${digits(hz / 1e6, 3)} MHz · ${when} · ${digits(there.levels[part] / 2, 1)} dB`;
  });

  // A snippet, played slowly: its rows come one by one, as they were sent.
  let timer = null;
  function stop() {
    clearInterval(timer);
    playing = null; shown = live; get("back").hidden = true;
    status(); draw();
  }
  for (const button of document.querySelectorAll("button[data-replay]")) {
    button.addEventListener("click", async () => {
      const answer = await fetch(button.dataset.replay);
      if (!answer.ok) return;
      stop();
      playing = await answer.json();
      const levels = bytes(playing.levels), each = 1000 * playing.seconds / playing.count;
      shown = new Band(playing.low, playing.high, playing.parts);
      get("back").hidden = false;
      let at = 0;
      const next = () => {
        if (!paused) { shown.add({ t0: at * each, t1: (at + 1) * each, levels: levels.subarray(at * playing.parts, (at + 1) * playing.parts), heard: [] }); at++; }
        return at < playing.count;
      };
      area.dataset.played = "0";
      const ended = () => { clearInterval(timer); area.dataset.played = String(at); draw(); };
      if (still) { while (next()); ended(); }
      else timer = setInterval(() => { if (next()) draw(); else ended(); }, 1000 * SLOW_S / playing.count);
      status();
      canvas.scrollIntoView({ block: "nearest" });
      canvas.focus();
    });
  }
  addEventListener("resize", draw);
  draw();
})();
