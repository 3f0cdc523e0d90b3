const TAB_KEY = "casebook.tab";

/** The browser's storage; null where it forbids it to a page in a frame. */
export function localStorageOf(window: Window): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

/** An id that a tab keeps over reloads; a new one each time where storage is forbidden. */
export function tabIdOf(window: Window, newId: () => string): string {
  try {
    const known = window.sessionStorage.getItem(TAB_KEY);
    if (known) return known;
    const id = newId();
    window.sessionStorage.setItem(TAB_KEY, id);
    return id;
  } catch {
    return newId();
  }
}
