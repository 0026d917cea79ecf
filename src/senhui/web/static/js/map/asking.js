// Questions to the server about a selection. Only the newest question counts: an older one is broken off, and a burst of
// changes is asked as one.

import { address, given } from "./given.js";
import { selectionQuery, state } from "./state.js";

const WAIT_MS = 80;

// What the server says instead of an answer: which rule, and what to do now.
export class Refused extends Error {}

export async function asked(url, { signal }) {
  const answer = await fetch(url, { signal, headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  if (answer.status >= 500) throw new Error(String(answer.status));
  const { what = String(answer.status), now = "" } = await answer.json().catch(() => ({}));
  throw new Refused(`${what} ${now}`.trim());
}

// Runs `ask(signal)` for the newest call only; `show({ status, found, reason })` hears "busy", then "fresh", "refused"
// (the server says why) or "failed" (no answer came).
export function newest(ask, show) {
  let timer = 0;
  let open = null;
  return () => {
    window.clearTimeout(timer);
    open?.abort();
    show({ status: "busy" });
    timer = window.setTimeout(async () => {
      const mine = new AbortController();
      open = mine;
      try {
        const found = await ask(mine.signal);
        if (!mine.signal.aborted) show({ status: "fresh", found });
      } catch (error) {
        if (mine.signal.aborted) return;
        if (error instanceof Refused) show({ status: "refused", reason: error.message });
        else show({ status: "failed" });
      }
    }, WAIT_MS);
  };
}

const BY = given.selection.dimensions.map(({ id }) => id);

// The address of the answer to the state's selection; `where` may differ from the state's.
export function answerAddress({ where = state.where, by = BY } = {}) {
  const { release, place, measure } = state;
  const query = [`within=${place}`, `measure=${measure}`, `by=${by.join(",")}`, selectionQuery({ where, shape: state.shape })];
  return `${address(given.selection.addresses.answer, { release })}?${query.filter(Boolean).join("&")}`;
}

export const historyAddress = () =>
  `${address(given.selection.addresses.history, { place: state.place })}?measure=${state.measure}`;
