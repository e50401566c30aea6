// Spectra and templates that the page has asked for. Memory stays bounded however long the session.
"use strict";

class Cache {
  // needed(key): whether a spectrum must stay, however old
  constructor(source, keep, needed) { Object.assign(this, { source, keep, needed, known: new Set(), spectra: new Map(), templates: new Map() }); }

  spectrum(key) {
    if (!this.spectra.has(key)) {
      const wanted = this.source.spectrum(key).then((payload) => {
        payload.values = Spectrum.unpack(payload.flux);
        payload.mask = Spectrum.mask(payload.bad, payload.values.length);
        if (payload.template) this.template(payload.template).catch(() => null);
        return payload;
      });
      wanted.catch(() => this.spectra.delete(key));
      this.spectra.set(key, wanted);
      for (const old of this.spectra.keys()) {
        if (this.spectra.size <= this.keep) break;
        if (old !== key && !this.needed(old)) this.spectra.delete(old);
      }
    }
    return this.spectra.get(key);
  }

  template(name) {
    if (!this.known.has(name)) return Promise.reject(new Error(`no template ${name}`));
    if (!this.templates.has(name)) {
      const wanted = this.source.template(name).then((answer) => ({ ...answer, flux: Spectrum.unpack(answer.flux) }));
      wanted.catch(() => this.templates.delete(name));
      this.templates.set(name, wanted);
      if (this.templates.size > this.keep) this.templates.delete(this.templates.keys().next().value);
    }
    return this.templates.get(name);
  }
}
