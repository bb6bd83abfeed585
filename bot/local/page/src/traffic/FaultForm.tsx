import { useState, type ReactNode } from "react";
import { setFault } from "../api/client";
import { report, toast } from "../store/toasts";

/** Slack's own codes, and the two ways not to get an answer of Slack's at all. */
const ERRORS = [
  "ratelimited",
  "internal_error",
  "channel_not_found",
  "not_in_channel",
  "http_503",
  "connection_lost",
];
const METHODS = [
  "chat.postMessage",
  "chat.update",
  "views.open",
  "views.publish",
  "conversations.history",
  "response_url",
  "*",
];

/** Lets the next calls of one method fail or take long, to see how the app copes. */
export function FaultForm({ onDone }: { onDone: () => void }): ReactNode {
  const [method, setMethod] = useState("chat.postMessage");
  const [error, setError] = useState("ratelimited");
  const [times, setTimes] = useState(1);
  const [delay, setDelay] = useState(0);

  const submit = async (): Promise<void> => {
    try {
      await setFault({
        method,
        times,
        ...(error ? { error } : {}),
        ...(error === "ratelimited" ? { retry_after: 2 } : {}),
        ...(delay > 0 ? { delay_ms: delay } : {}),
      });
      toast(
        `The next ${times === 1 ? "call" : `${times} calls`} of ${method} will fail as asked.`,
        "info",
      );
      onDone();
    } catch (caught) {
      report(caught);
    }
  };

  return (
    <form
      className="faults"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label>
        Method
        <input
          className="text-input"
          value={method}
          list="fault-methods"
          onChange={(event) => setMethod(event.target.value)}
        />
      </label>
      <label>
        Error
        <select
          className="text-input"
          value={error}
          onChange={(event) => setError(event.target.value)}
        >
          {ERRORS.map((code) => (
            <option key={code}>{code}</option>
          ))}
          <option value="">none, only slow</option>
        </select>
      </label>
      <label>
        Times
        <input
          className="text-input"
          type="number"
          min={1}
          max={50}
          value={times}
          onChange={(event) => setTimes(Number(event.target.value))}
        />
      </label>
      <label>
        Delay, ms
        <input
          className="text-input"
          type="number"
          min={0}
          step={500}
          value={delay}
          onChange={(event) => setDelay(Number(event.target.value))}
        />
      </label>
      <datalist id="fault-methods">
        {METHODS.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit" className="button filled primary">
        Make it fail
      </button>
    </form>
  );
}
