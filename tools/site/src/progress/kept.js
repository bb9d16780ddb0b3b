// Where the record of a reader lies: in this browser, and nowhere else.
import format from "../../progress.json";
import { begun, read } from "./record.js";

const KEY = "triad-progress";
let unsaved = null;  // what this page alone knows, where the browser keeps nothing

/** use(the browser's storage), or otherwise, where the browser refuses it. */
function stored(use, otherwise = null) {
  try {
    return use(localStorage);
  } catch {
    return otherwise;
  }
}

/** Does this browser keep what is written here? */
export const isKept = () => unsaved === null && stored((storage) => {
  storage.setItem(`${KEY}-tried`, "");
  storage.getItem(KEY);
  storage.removeItem(`${KEY}-tried`);
  return true;
}, false);

/** The record as it is now: another tab may have changed it. */
export function kept() {
  if (unsaved) return unsaved;
  const text = stored((storage) => storage.getItem(KEY));
  if (!text) return begun(format);
  try {
    return { ...begun(format), student: JSON.parse(text).student, lesson: read(text, format) };
  } catch {
    stored((storage) => storage.setItem(`${KEY}-unread`, text));
    return begun(format);
  }
}

/** Tell the page that the record may be another one. */
export const tell = () => dispatchEvent(new Event("triad-progress"));

addEventListener("storage", ({ key }) => (key === KEY || key === null) && tell());
addEventListener("pageshow", ({ persisted }) => persisted && tell());

/** Change the record, and tell the page. */
export function change(edit) {
  const record = kept();
  edit(record);
  unsaved = stored((storage) => {
    storage.getItem(KEY);  // what cannot be read is not overwritten
    storage.setItem(KEY, JSON.stringify(record));
    return null;
  }, record);
  tell();
}

export function forget() {
  unsaved = null;
  stored((storage) => storage.removeItem(KEY));
  tell();
}
