// What is drawn: the spectrum with template and marks, its residual, magnified windows, the colour-magnitude diagram.
"use strict";

const Plots = (() => {
  const GREY = "#b9bec6", INK = "#1b2735", MODEL = "#e8590c", BAD = "#cc79a7", BLUE = 4100, FONT = "11px system-ui, sans-serif";
  const axis = (extra = {}) => ({ font: FONT, labelFont: FONT, stroke: "#5b6776", grid: { stroke: "#eef0f3", width: 1 },
    ticks: { stroke: "#d5d8de", size: 4 }, ...extra });
  const series = (stroke, width) => ({ stroke, width, points: { show: false }, spanGaps: false });

  function vertical(u, x, color, dash, width) {
    const place = Math.round(u.valToPos(x, "x", true)) + 0.5;
    if (place < u.bbox.left || place > u.bbox.left + u.bbox.width) return null;
    u.ctx.strokeStyle = color; u.ctx.lineWidth = width * devicePixelRatio;
    u.ctx.setLineDash(dash.map((step) => step * devicePixelRatio));
    u.ctx.beginPath(); u.ctx.moveTo(place, u.bbox.top); u.ctx.lineTo(place, u.bbox.top + u.bbox.height); u.ctx.stroke();
    return place;
  }

  // strokes at the shifted wavelengths of every method that is switched on, names of the lines, masked pixels
  function drawMarks(u, view, named) {
    const ctx = u.ctx, box = u.bbox;
    ctx.save();
    ctx.beginPath(); ctx.rect(box.left, box.top, box.width, box.height); ctx.clip();
    ctx.fillStyle = BAD;
    for (const [start, length] of view.bad) {
      const from = u.valToPos(view.wave[start], "x", true), to = u.valToPos(view.wave[Math.min(start + length, view.wave.length - 1)], "x", true);
      if (to >= box.left && from <= box.left + box.width) ctx.fillRect(from, box.top + box.height - 5 * devicePixelRatio, Math.max(to - from, 1), 5 * devicePixelRatio);
    }
    const names = [], wide = u.scales.x.max - u.scales.x.min > 2500; // there the lines must not hide the spectrum
    for (const { velocity, color, dash, active } of view.combs) {
      const factor = 1 + velocity / Spectrum.C;
      for (const mark of view.marks) {
        if (mark.upper > mark.lower) {
          const from = u.valToPos(mark.lower * factor, "x", true), to = u.valToPos(mark.upper * factor, "x", true);
          ctx.globalAlpha = 0.07; ctx.fillStyle = color; ctx.fillRect(from, box.top, to - from, box.height); ctx.globalAlpha = 1;
        }
        ctx.globalAlpha = wide ? 0.5 : 1;
        const place = vertical(u, mark.lower * factor, color, dash, active && !wide ? 1.6 : 1);
        if (mark.upper > mark.lower) vertical(u, mark.upper * factor, color, dash, active && !wide ? 1.6 : 1);
        ctx.globalAlpha = 1;
        if (named && place !== null && active) names.push([place, mark.name]);
      }
    }
    writeNames(ctx, names, box.top);
    ctx.restore();
  }

  // left of their lines, on white; a name that would cover another line is left out
  function writeNames(ctx, names, top) {
    const ratio = devicePixelRatio;
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    let end = -Infinity;
    for (const [place, name] of names.sort((a, b) => a[0] - b[0])) {
      const width = ctx.measureText(name).width, start = place - width - 5 * ratio, free = start >= end;
      end = place + 2 * ratio;
      if (!free) continue;
      ctx.fillStyle = "rgb(255 255 255 / 85%)"; ctx.fillRect(start - 2 * ratio, top + ratio, width + 4 * ratio, 14 * ratio);
      ctx.fillStyle = "#3b4654"; ctx.fillText(name, start, top + 12 * ratio);
    }
  }

  // the wheel zooms at the pointer, a drag with the middle button or with Shift pans
  function wheelAndPan(u, bounds, changed) {
    const zoom = (center, factor) => {
      const { min, max } = u.scales.x;
      changed(clamp(center - (center - min) * factor, center + (max - center) * factor, bounds));
    };
    u.over.addEventListener("wheel", (event) => {
      event.preventDefault();
      zoom(u.posToVal(event.offsetX, "x"), event.deltaY < 0 ? 0.8 : 1.25);
    }, { passive: false });
    u.over.addEventListener("mousedown", (event) => {
      if (event.button !== 1 && !event.shiftKey) return;
      event.preventDefault(); event.stopImmediatePropagation();
      const from = event.clientX, { min, max } = u.scales.x, scale = (max - min) / u.over.clientWidth;
      const move = (next) => changed(clamp(min - (next.clientX - from) * scale, max - (next.clientX - from) * scale, bounds));
      const stop = () => { removeEventListener("mousemove", move); removeEventListener("mouseup", stop); };
      addEventListener("mousemove", move); addEventListener("mouseup", stop);
    }, true);
  }

  function clamp(min, max, bounds) {
    const width = Math.min(max - min, bounds[1] - bounds[0]);
    const low = Math.min(Math.max(min, bounds[0]), bounds[1] - width);
    return [low, low + Math.max(width, 5)];
  }

  class SpectrumView {
    constructor(about, places) {
      this.about = about; this.places = places;
      this.view = { wave: [], bad: [], combs: [], marks: [] };
      this.bounds = [3690, 9110]; this.range = [...this.bounds];
      this.limits = { full: [0, 1], residual: [-1, 1] };
      for (const [name] of about.zooms) this.limits[name] = [0, 1];
    }

    build(wave) {
      this.view.wave = wave;
      const nothing = wave.map(() => null), width = () => this.places.full.clientWidth - 2;
      const sizes = this.heights();
      const set = (range) => this.zoom(range);
      const select = (u) => {
        if (u.select.width > 4) set([u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")]);
        u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      };
      const common = (height, extra) => ({ width: width(), height, pxAlign: 0, legend: { show: false }, padding: [4, 8, 0, 0],
        cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, bind: { dblclick: () => () => { set(this.bounds); } }, sync: { key: "wave" } }, ...extra });
      const x = { time: false, auto: false, range: () => this.range };
      this.full = new uPlot(common(sizes.full, {
        scales: { x, y: { range: () => this.limits.full } },
        axes: [axis({ size: 24 }), axis({ label: "flux / median", labelSize: 15, labelGap: 0, size: 42, values: (u, ticks) => ticks.map((tick) => +tick.toPrecision(3)) })],
        series: [{}, series(GREY, 1), series(INK, 1), series(MODEL, 1.4)],
        hooks: { draw: [(u) => drawMarks(u, this.view, true)], setSelect: [select] },
      }), [wave, nothing, nothing, nothing], this.places.full);
      this.residual = new uPlot(common(sizes.residual, {
        scales: { x, y: { range: () => this.limits.residual } },
        axes: [axis({ label: "vacuum wavelength (\u212b)", size: 22, labelSize: 17, labelGap: 0 }), axis({ label: "residual", space: 22, labelSize: 15, labelGap: 0, size: 42, values: (u, ticks) => ticks.map((tick) => +tick.toPrecision(2)) })],
        series: [{}, series("#6b7684", 1)],
        hooks: { draw: [(u) => { drawMarks(u, { ...this.view, bad: [] }, false); zero(u); }], setSelect: [select] },
      }), [wave, nothing], this.places.residual);
      for (const u of [this.full, this.residual]) wheelAndPan(u, this.bounds, set);
      this.zooms = this.about.zooms.map(([name, low, high]) => {
        const box = document.createElement("div"), head = document.createElement("h4");
        head.textContent = name; box.append(head); this.places.zooms.append(box);
        const from = lower(wave, low), to = lower(wave, high);
        const plot = new uPlot({ width: box.clientWidth - 2, height: sizes.zoom, pxAlign: 0, legend: { show: false }, padding: [4, 12, 0, 12],
          cursor: { show: false }, scales: { x: { time: false, auto: false, range: [low, high] }, y: { range: () => this.limits[name] } },
          axes: [axis({ space: 34, size: 22, filter: (u, ticks) => ticks.map((tick) => (inside(tick, low, high) ? tick : null)) }), { show: false }],
          series: [{}, series(GREY, 1), series(INK, 1.3), series(MODEL, 1.3)],
          hooks: { draw: [(u) => drawMarks(u, this.view, false)] } }, [wave.slice(from, to), nothing.slice(from, to), nothing.slice(from, to), nothing.slice(from, to)], box);
        return { name, plot, from, to, box };
      });
      addEventListener("resize", () => this.resize());
    }

    heights() {
      const room = Math.max(this.places.full.parentElement.clientHeight - 60, 420);
      return { full: Math.round(room * 0.47), residual: Math.round(room * 0.2), zoom: Math.round(room * 0.28) };
    }

    resize() {
      const sizes = this.heights(), width = this.places.full.clientWidth - 2;
      this.full.setSize({ width, height: sizes.full }); this.residual.setSize({ width, height: sizes.residual });
      for (const { plot, box } of this.zooms) plot.setSize({ width: box.clientWidth - 2, height: sizes.zoom });
    }

    zoom(range) {
      this.range = clamp(range[0], range[1], this.bounds);
      this.setLimits();
      this.full.setData(this.full.data); this.residual.setData(this.residual.data);
    }

    setLimits() {
      const { smooth, model, residual, wave } = this.view, to = lower(wave, this.range[1]);
      // in the whole spectrum the noise of the blue end doesn't set the scale
      const from = lower(wave, this.range[0] < BLUE && this.range[1] > 2 * BLUE - this.range[0] ? BLUE : this.range[0]);
      this.limits = { full: Spectrum.limits(smooth, from, to), residual: Spectrum.limits(residual, from, to) };
      if (model) {
        const other = Spectrum.limits(model, from, to, 0), own = this.limits.full, room = 0.3 * (own[1] - own[0]);
        this.limits.full = [Math.max(Math.min(own[0], other[0]), own[0] - room), Math.min(Math.max(own[1], other[1]), own[1] + room)];
      }
      for (const { name, from: a, to: b } of this.zooms) this.limits[name] = Spectrum.limits(smooth, a, b, 0.002);
    }

    // everything of one spectrum: raw (null where bad), smooth, model or null, combs, marks
    show(view) {
      Object.assign(this.view, view);
      const nothing = this.nothing || (this.nothing = view.raw.map(() => null));
      const model = view.model || nothing;
      this.view.residual = view.model ? view.smooth.map((value, i) => (value == null || model[i] == null ? null : value - model[i])) : nothing;
      this.setLimits();
      this.full.setData([this.view.wave, view.raw, view.smooth, model]);
      this.residual.setData([this.view.wave, this.view.residual]);
      for (const { plot, from, to } of this.zooms) {
        plot.setData([this.view.wave.slice(from, to), view.raw.slice(from, to), view.smooth.slice(from, to), model.slice(from, to)]);
      }
    }
  }

  function zero(u) {
    const place = Math.round(u.valToPos(0, "y", true)) + 0.5;
    u.ctx.save(); u.ctx.strokeStyle = "#9aa3ae"; u.ctx.setLineDash([]); u.ctx.lineWidth = 1; u.ctx.beginPath();
    u.ctx.moveTo(u.bbox.left, place); u.ctx.lineTo(u.bbox.left + u.bbox.width, place); u.ctx.stroke(); u.ctx.restore();
  }

  // far enough from the ends for its number to be written whole
  const inside = (tick, low, high) => tick > low + 0.06 * (high - low) && tick < high - 0.06 * (high - low);

  function lower(sorted, value) {
    let low = 0, high = sorted.length;
    while (low < high) { const middle = (low + high) >> 1; if (sorted[middle] < value) low = middle + 1; else high = middle; }
    return low;
  }

  // stars of the survey as grey points, the regions of the paper's Figure 6, the candidate in red
  class Diagram {
    constructor(cmd, place) {
      this.star = null; this.x = [-0.5, 5.2]; this.y = [-4, 17.5];
      const stars = [...cmd.stars].sort((a, b) => a[0] - b[0]);
      const path = (u, points, close) => {
        u.ctx.beginPath();
        points.forEach(([x, y], i) => u.ctx[i ? "lineTo" : "moveTo"](u.valToPos(x, "x", true), u.valToPos(y, "y", true)));
        if (close) u.ctx.closePath();
        u.ctx.stroke();
      };
      const draw = (u) => {
        const ctx = u.ctx, [slope, zeroPoint] = cmd.gm_line;
        ctx.save(); ctx.beginPath(); ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height); ctx.clip();
        ctx.strokeStyle = "#0072b2"; ctx.lineWidth = devicePixelRatio; ctx.setLineDash([4, 3]);
        path(u, cmd.dm_region, true); path(u, [[0, zeroPoint], [6, 6 * slope + zeroPoint]], false);
        if (this.star) {
          const [x, y] = [u.valToPos(this.star[0], "x", true), u.valToPos(this.star[1], "y", true)];
          ctx.setLineDash([]); ctx.fillStyle = "#d5001c"; ctx.strokeStyle = "#fff"; ctx.lineWidth = 1.5 * devicePixelRatio;
          ctx.beginPath(); ctx.arc(x, y, 5 * devicePixelRatio, 0, 7); ctx.fill(); ctx.stroke();
        }
        ctx.restore();
      };
      this.plot = new uPlot({ width: place.clientWidth - 2, height: 190, legend: { show: false }, cursor: { show: false }, padding: [6, 8, 0, 0],
        scales: { x: { time: false, auto: false, range: () => this.x }, y: { dir: -1, auto: false, range: () => this.y } },
        axes: [axis({ label: "(BP\u2212RP)\u2080", size: 20, labelSize: 16, labelGap: 0 }), axis({ label: "M_G", labelSize: 15, labelGap: 0, size: 34 })],
        series: [{}, { stroke: "#8d96a3", paths: () => null, points: { show: true, size: 2, width: 0, fill: "#9aa3ae" } }],
        hooks: { draw: [draw] } }, [[], []], place);
      this.plot.setData([stars.map((star) => star[0]), stars.map((star) => star[1])]);
    }

    show(star) {
      this.star = star;
      this.x = star ? [Math.min(-0.5, star[0] - 0.3), Math.max(5.2, star[0] + 0.3)] : [-0.5, 5.2];
      this.y = star ? [Math.min(-4, star[1] - 1), Math.max(17.5, star[1] + 1)] : [-4, 17.5];
      this.plot.setData(this.plot.data);
    }
  }

  // small plots of the contact sheet: [low, high, share of the width] each; marks as in drawMarks
  function thumbnail(place, view, windows) {
    return windows.map(([low, high, share], number) => {
      const from = lower(view.wave, low), to = lower(view.wave, high), smooth = view.smooth.slice(from, to);
      const draw = (u) => { if (high - low < 4000) drawMarks(u, { ...view, bad: [] }, false); edge(u, number); };
      return new uPlot({ width: Math.floor(place.clientWidth * share), height: Math.max(place.clientHeight, 40), pxAlign: 0, legend: { show: false }, cursor: { show: false }, padding: [2, 4, 0, 4],
        scales: { x: { time: false, auto: false, range: [low, high] }, y: { range: Spectrum.limits(smooth, Math.max(0, lower(view.wave, BLUE) - from), smooth.length) } },
        axes: [{ show: false }, { show: false }], series: [{}, series(INK, 1)], hooks: { draw: [draw] } }, [view.wave.slice(from, to), smooth], place);
    });
  }

  function edge(u, number) {
    if (!number) return;
    u.ctx.save(); u.ctx.strokeStyle = "#d5d8de"; u.ctx.lineWidth = devicePixelRatio; u.ctx.beginPath();
    u.ctx.moveTo(0, 0); u.ctx.lineTo(0, u.ctx.canvas.height); u.ctx.stroke(); u.ctx.restore();
  }

  return { SpectrumView, Diagram, thumbnail };
})();
