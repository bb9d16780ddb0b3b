// What a widget's script sees of anywidget's model: traits, messages, news of changed traits.

export class Model {
  /** traits: {name: value}; hear(message): the traits that changed, now or as a promise. */
  constructor(traits, hear) {
    this.traits = traits;
    this.hear = hear;
    this.listeners = new Map();
  }

  get(name) { return this.traits[name]; }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((one) => one !== listener));
  }

  async send(message) { this.set(await this.hear(message)); }

  set(changes) {
    Object.assign(this.traits, changes);
    for (const name of Object.keys(changes)) {
      for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
    }
  }
}

/** Draw with a widget's own script into a new element. */
export const draw = (script, model) => {
  const el = document.createElement("div");
  script.initialize({ model });
  script.render({ model, el });
  return el;
};
