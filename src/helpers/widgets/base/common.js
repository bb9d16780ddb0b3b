// What all widgets of ours share: put in front of each one's own script by anywidget_view.py.
// Messages: widgets/base/messages.py (Alive, Trouble).

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

// But Ctrl+S (⌘S) is JupyterLab's also here: who works in a widget saves the notebook with it.
// This listener comes before JupyterLab's own, which is the document's.
window.triadLetsSavePass ??= window.addEventListener("keydown", (event) => {
  const node = event.target, name = "data-lm-suppress-shortcuts";
  const saves = (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s";
  if (!saves || !node.closest?.(".triad") || !node.hasAttribute(name)) return;
  node.removeAttribute(name);
  setTimeout(() => keepKeys(node));
}, true) ?? true;

// Can nobody answer any more?  The kernel has ended, was restarted since, or is out of reach.
// A kernel that starts while a widget is on screen has been restarted.
const ENDED = ["starting", "restarting", "autorestarting", "terminating", "dead"];
const connection = (model) => {
  const manager = model.widget_manager;
  if (!manager || !("kernel" in manager)) return () => false;  // another front end: not known
  let ended = false;
  const changed = (_, status) => { ended ||= ENDED.includes(status); };
  manager.kernel?.statusChanged.connect(changed);
  return () => {
    const kernel = manager.kernel;
    return ended || !kernel || kernel.isDisposed || kernel.connectionStatus === "disconnected"
      || ENDED.includes(kernel.status);
  };
};

// From begin() to end(), after PATIENCE: say(sentence, lost) that it works, or that nobody answers.
// waits(): is it in between?
const awaited = (model, words, patience, say) => {
  const lost = connection(model);
  let timer;
  const look = () => {
    say(lost() ? words.lost : words.waiting, lost());
    timer = setTimeout(look, 1000);
  };
  const end = () => { timer = clearTimeout(timer); };
  return { begin: () => { end(); timer = setTimeout(look, patience); }, end, waits: () => timer !== undefined };
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
