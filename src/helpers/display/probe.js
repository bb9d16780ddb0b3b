// The sign that a front end runs our widgets; Python then replaces the text.
export default {
  initialize({ model }) {
    model.send("alive");
  },

  render({ model, el }) {
    el.append(Object.assign(document.createElement("p"), { textContent: model.get("text"), lang: model.get("lang") }));
  },
};
