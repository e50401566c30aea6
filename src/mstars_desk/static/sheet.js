// The contact sheet: spectra that are probably alike, decided together. Those that differ are put aside.
"use strict";

const Sheet = (() => {
  const { make } = Panel;
  // what an easy call rests on; in rv Na I, Ti I and Ca II at LAMOST's velocity, at template matching's and at the consensus'
  const WINDOWS = { scm: [[3690, 9110, 1]], rv: [[3900, 9110, 0.4], [8150, 8240, 0.25], [8400, 8700, 0.35]], dgcm: [[6000, 9000, 1]] };

  return class {
    constructor(place, about, wave) { Object.assign(this, { place, about, wave, payloads: [], aside: new Set(), focus: 0, plots: [] }); }

    get keys() { return this.payloads.map((payload) => payload.key); }
    get chosen() { return this.payloads.filter((payload) => !this.aside.has(payload.key)); }
    get later() { return this.keys.filter((key) => this.aside.has(key)); }

    show(payloads) {
      for (const plot of this.plots) plot.destroy();
      Object.assign(this, { payloads, aside: new Set(), focus: 0, plots: [] });
      this.place.replaceChildren(...payloads.map((payload, number) => this.figure(payload, number)));
      payloads.forEach((payload, number) => this.plots.push(...this.plot(payload, this.place.children[number].querySelector("div"))));
      this.mark();
    }

    figure(payload, number) {
      const figure = make("figure"), caption = make("figcaption"), words = Panel.inShort(this.about, payload);
      caption.append(make("b", payload.key), make("span", words));
      figure.title = `${payload.key}: ${words}`;
      figure.append(caption, make("div")); figure.dataset.key = payload.key;
      figure.addEventListener("click", () => { this.focus = number; this.putAside(); });
      return figure;
    }

    plot(payload, box) {
      const { queue, methods, marks } = this.about;
      const marked = (name) => name === "LAMOST" || (queue === "rv" && (name === "TM" || name === payload.consensus));
      const combs = methods.filter(([name]) => marked(name) && payload.velocities[name])
        .map(([name, , color, dash]) => ({ velocity: payload.velocities[name][0], color, dash: name === "LAMOST" ? [] : dash, active: false }));
      const smooth = Spectrum.smooth(payload.values, payload.mask, queue === "rv" ? 5 : 9);
      const view = { wave: this.wave, smooth, bad: [], combs, marks: marks.filter((mark) => mark.set === marks[0].set) };
      return Plots.thumbnail(box, view, WINDOWS[queue] || WINDOWS.scm);
    }

    mark() {
      [...this.place.children].forEach((figure, number) => {
        figure.classList.toggle("aside", this.aside.has(figure.dataset.key));
        figure.classList.toggle("focus", number === this.focus);
      });
    }

    move(step) { this.focus = Math.min(this.payloads.length - 1, Math.max(0, this.focus + step)); this.mark(); }

    putAside(keys = [this.keys[this.focus]]) {
      for (const key of keys) this.aside.has(key) ? this.aside.delete(key) : this.aside.add(key);
      this.mark();
    }
  };
})();
