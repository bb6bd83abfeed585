import { useEffect, useId, useMemo, useRef, useState, type ReactNode } from "react";
import { useWorkspace } from "../../store/desk";
import { Plain } from "../../text/Mrkdwn";
import { Icon } from "../../ui/icons";
import { actionKey, useSurface } from "../surface";
import { chosenIn, offered, valueWith, type Choice } from "./choices";
import { handles, type ElementProps } from "./field";
import { Listbox } from "./Listbox";
import { useSuggestions } from "./suggestions";

/** Every select menu, single and multiple: a combobox that filters while one types. */
export function SelectElement(props: ElementProps): ReactNode {
  const { blockId, element, field } = props;
  const surface = useSurface();
  const workspace = useWorkspace();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const list = useId();

  const many = element.type.startsWith("multi_");
  const actionId = element.action_id ?? "";
  const all = useMemo(() => offered(element, workspace), [element, workspace]);
  const chosen = chosenIn(surface.values[blockId]?.[actionId], all);
  const suggested = useSuggestions(element, blockId, open, typed);
  const found = (suggested?.choices ?? all.filter((choice) => matches(choice, typed))).filter(
    (choice) => !many || !chosen.some((one) => one.key === choice.key),
  );
  const busy = surface.busy === actionKey(blockId, element, {});

  useEffect(() => setActive(0), [typed, open]);

  const close = (): void => {
    setOpen(false);
    setTyped("");
  };
  const put = (next: Choice[]): void => {
    const value = valueWith(element.type, next);
    surface.enter(blockId, actionId, value);
    const { type: _, ...action } = value;
    if (!field || field.dispatches) void surface.act(blockId, element, action);
  };
  const choose = (choice: Choice): void => {
    const most = element.max_selected_items ?? Number.POSITIVE_INFINITY;
    put(many ? [...chosen, choice].slice(0, most) : [choice]);
    setTyped("");
    if (!many || chosen.length + 1 >= most) close();
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const { key } = event;
    if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else
        setActive((active + (key === "ArrowDown" ? 1 : -1) + found.length) % (found.length || 1));
    } else if (key === "Enter") {
      event.preventDefault();
      const choice = found[active];
      if (open && choice) choose(choice);
      else setOpen(true);
    } else if (key === "Escape" && open) {
      event.stopPropagation();
      close();
    } else if (key === "Backspace" && typed === "" && chosen.length && (many || field)) {
      put(chosen.slice(0, -1));
    }
  };

  return (
    <div
      ref={box}
      className={`select ${many ? "many" : ""} ${field ? "wide" : ""}`}
      onBlur={(event) => !box.current?.contains(event.relatedTarget) && close()}
    >
      <div className="select-box">
        {many &&
          chosen.map((choice) => (
            <span className="chip" key={choice.key}>
              <Plain text={choice.label} />
              <button
                type="button"
                aria-label={`Remove ${choice.label}`}
                onClick={() => put(chosen.filter((one) => one.key !== choice.key))}
              >
                <Icon name="close" size={12} />
              </button>
            </span>
          ))}
        <input
          {...handles(element, field)}
          role="combobox"
          aria-expanded={open}
          aria-controls={list}
          aria-autocomplete="list"
          aria-activedescendant={open && found[active] ? `${list}-${active}` : undefined}
          autoComplete="off"
          value={open || many ? typed : (chosen[0]?.label ?? "")}
          placeholder={
            (!many && chosen[0]?.label) ||
            (many && chosen.length ? "" : (element.placeholder?.text ?? "Select an option"))
          }
          onClick={() => setOpen(true)}
          onChange={(event) => {
            setOpen(true);
            setTyped(event.target.value);
          }}
          onKeyDown={onKeyDown}
        />
        {busy ? <span className="spinner" /> : <Icon name="chevron" size={14} />}
      </div>
      {open && (
        <Listbox
          id={list}
          anchor={box}
          choices={found}
          active={active}
          chosen={new Set(chosen.map((choice) => choice.key))}
          note={suggested?.note ?? "Nothing found"}
          onChoose={choose}
          onHover={setActive}
        />
      )}
    </div>
  );
}

const matches = (choice: Choice, typed: string): boolean =>
  choice.label.toLowerCase().includes(typed.trim().toLowerCase());
