const KEY = "deskhand.visited";

/** Until something was sent from this browser. */
export const firstVisit = (): boolean => window.localStorage.getItem(KEY) === null;

export const rememberVisit = (): void => window.localStorage.setItem(KEY, "yes");
