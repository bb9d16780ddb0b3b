// Where the record of a reader lies: in this browser, and nowhere else.
import format from "../../progress.json";
import { begun, read } from "./record.js";

const KEY = "triad-progress";
let unsaved = null;  // where the browser keeps nothing

/** The record as it is now: another tab may have changed it. */
export function kept() {
  if (unsaved) return unsaved;
  const text = localStorage.getItem(KEY);
  if (!text) return begun(format);
  try {
    return { ...begun(format), student: JSON.parse(text).student, lesson: read(text, format) };
  } catch {
    localStorage.setItem(`${KEY}-unread`, text);
    return begun(format);
  }
}

/** Change the record, and tell the page. */
export function change(edit) {
  const record = kept();
  edit(record);
  try {
    localStorage.setItem(KEY, JSON.stringify(record));
  } catch {
    unsaved = record;
  }
  dispatchEvent(new Event("triad-progress"));
}

export function forget() {
  unsaved = null;
  localStorage.removeItem(KEY);
  dispatchEvent(new Event("triad-progress"));
}
