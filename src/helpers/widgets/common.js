// What all widgets of ours share: put in front of each one's own script by live.py.

const make = (tag, props = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

// JupyterLab takes arrow keys, Enter and letters from a focused control
// unless the control itself carries this attribute; on a parent it does not help.
const keepKeys = (node) => {
  node.setAttribute("data-lm-suppress-shortcuts", "true");
  return node;
};

// Text in which `code` stands between backticks; the text is never read as HTML.
const rich = (text) =>
  text.split("`").map((part, i) => (i % 2 ? make("code", { textContent: part }) : part));

const status = (className) => {
  const node = make("div", { className });
  node.setAttribute("role", "status");
  return node;
};

// A failure: one sentence for the student, the technical line folded.
const troubleView = (words) => {
  const root = make("div", { className: "trouble" });
  root.setAttribute("role", "alert");
  const update = ([sentence, line]) => {
    const summary = keepKeys(make("summary", { textContent: words.error_detail }));
    const folded = make("details", {}, summary, make("code", { textContent: line }));
    root.replaceChildren(...(sentence ? [make("p", { textContent: sentence }), folded] : []));
  };
  return { root, update };
};
