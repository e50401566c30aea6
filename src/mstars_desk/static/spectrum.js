// Arithmetic on one spectrum: unpacking, smoothing, a template moved to a velocity and scaled by a polynomial.
"use strict";

const Spectrum = (() => {
  const C = 299792.458; // km/s

  const HALF = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    HALF[bits] = exponent === 31 ? (fraction ? NaN : sign * Infinity)
      : exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
  }

  // float16 in base64, in units of the spectrum's own median
  function unpack(packed) {
    const text = atob(packed.data), flux = new Float32Array(text.length / 2);
    for (let i = 0; i < flux.length; i++) flux[i] = HALF[text.charCodeAt(2 * i) | (text.charCodeAt(2 * i + 1) << 8)];
    return flux;
  }

  function wavelengths(grid, count) {
    return Float64Array.from({ length: count }, (_, i) => 10 ** (grid[0] + grid[1] * i));
  }

  function mask(runs, count) {
    const bad = new Uint8Array(count);
    for (const [start, length] of runs) bad.fill(1, start, start + length);
    return bad;
  }

  // running mean over good pixels; null where there is none in the window (uPlot leaves a gap there)
  function smooth(flux, bad, width) {
    const half = width >> 1, count = flux.length, out = new Array(count);
    let sum = 0, good = 0;
    const add = (i, sign) => {
      if (i >= 0 && i < count && !bad[i] && flux[i] === flux[i]) { sum += sign * flux[i]; good += sign; }
    };
    for (let i = -half; i < half; i++) add(i, 1);
    for (let i = 0; i < count; i++) {
      add(i + half, 1);
      if (i - half - 1 >= 0) add(i - half - 1, -1);
      out[i] = good > 0 ? sum / good : null;
    }
    return out;
  }

  // a template at a velocity on the observed grid: both have the same log steps, so it is a shift; cubic between pixels
  function shifted(template, grid, count, velocity) {
    const flux = template.flux, out = new Float64Array(count);
    const offset = (grid[0] - template.first) / grid[1] - Math.log10(1 + velocity / C) / grid[1];
    for (let i = 0; i < count; i++) {
      const place = i + offset, k = Math.floor(place), t = place - k;
      const a = flux[k - 1], b = flux[k], c = flux[k + 1], d = flux[k + 2];
      out[i] = 0.5 * (2 * b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - a - 3 * c + d))));
    }
    return out;
  }

  // template times the Legendre polynomial of degree 4 that fits the good pixels best (Eq. 2 of the paper, P_4)
  function fitted(flux, bad, model, wave, from, to) {
    const count = flux.length, size = 5, inside = [];
    for (let i = 0; i < count; i++) if (wave[i] >= from && wave[i] <= to && model[i] === model[i]) inside.push(i);
    if (inside.length < 100) return null;
    const first = inside[0], span = inside[inside.length - 1] - first;
    const normal = Array.from({ length: size }, () => new Float64Array(size + 1)), p = new Float64Array(size);
    const design = (i) => {
      const x = (2 * (i - first)) / span - 1;
      p[0] = 1; p[1] = x;
      for (let n = 1; n < size - 1; n++) p[n + 1] = ((2 * n + 1) * x * p[n] - n * p[n - 1]) / (n + 1);
    };
    for (const i of inside) {
      if (bad[i] || flux[i] !== flux[i]) continue;
      design(i);
      for (let r = 0; r < size; r++) {
        const left = p[r] * model[i];
        for (let c = r; c < size; c++) normal[r][c] += left * p[c] * model[i];
        normal[r][size] += left * flux[i];
      }
    }
    for (let r = 1; r < size; r++) for (let c = 0; c < r; c++) normal[r][c] = normal[c][r];
    const solution = solve(normal, size);
    if (!solution) return null;
    const out = new Array(count).fill(null);
    for (const i of inside) {
      design(i);
      let scale = 0;
      for (let r = 0; r < size; r++) scale += solution[r] * p[r];
      out[i] = scale * model[i];
    }
    return out;
  }

  function solve(rows, size) {
    for (let k = 0; k < size; k++) {
      let best = k;
      for (let r = k + 1; r < size; r++) if (Math.abs(rows[r][k]) > Math.abs(rows[best][k])) best = r;
      if (!(Math.abs(rows[best][k]) > 1e-12)) return null;
      [rows[k], rows[best]] = [rows[best], rows[k]];
      for (let r = k + 1; r < size; r++) {
        const factor = rows[r][k] / rows[k][k];
        for (let c = k; c <= size; c++) rows[r][c] -= factor * rows[k][c];
      }
    }
    const x = new Float64Array(size);
    for (let k = size - 1; k >= 0; k--) {
      let sum = rows[k][size];
      for (let c = k + 1; c < size; c++) sum -= rows[k][c] * x[c];
      x[k] = sum / rows[k][k];
    }
    return x;
  }

  // limits that show nearly all of the values between two pixels, with some room
  function limits(values, from, to, share = 0.004) {
    const seen = [];
    for (let i = from; i < to; i++) if (values[i] != null && values[i] === values[i]) seen.push(values[i]);
    if (!seen.length) return [0, 1];
    seen.sort((a, b) => a - b);
    const low = seen[Math.floor(share * (seen.length - 1))], high = seen[Math.ceil((1 - share) * (seen.length - 1))];
    const room = (high - low || Math.abs(high) || 1) * 0.09;
    return [low - room, high + room];
  }

  return { C, unpack, wavelengths, mask, smooth, shifted, fitted, limits };
})();
