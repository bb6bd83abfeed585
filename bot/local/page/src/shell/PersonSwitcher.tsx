import type { ReactNode } from "react";
import { useWorkspace } from "../store/desk";
import { enterAs } from "../store/session";
import { Avatar, nameOf, roleOf } from "../ui/Avatar";
import { Icon } from "../ui/icons";
import { Menu, MenuItem } from "../ui/Menu";

/** Who looks at the desk: every person of the demo with their role, one click apart. */
export function PersonSwitcher(): ReactNode {
  const { me, people } = useWorkspace();
  const role = roleOf(people.find((person) => person.id === me.id) ?? me);
  const switchTo = (id: string): void => {
    const address = new URL(window.location.href);
    address.searchParams.set("as", id);
    window.history.pushState(null, "", address);
    void enterAs(id);
  };
  return (
    <Menu
      label={`You are ${nameOf(me)}${role ? `, ${role}` : ""}. Switch person`}
      testId="person-switcher"
      buttonClass="person-button"
      side="right"
      button={
        <>
          <Avatar user={me} size={26} />
          <span className="person-name">
            {nameOf(me)}
            {role && <small>{role}</small>}
          </span>
          <Icon name="chevron" size={14} />
        </>
      }
    >
      {(close) => (
        <>
          <div className="menu-title">See the desk as</div>
          {people
            .filter((person) => !person.is_bot)
            .map((person) => (
              <MenuItem
                key={person.id}
                testId={`person-${person.id}`}
                checked={person.id === me.id}
                onSelect={() => {
                  close();
                  switchTo(person.id);
                }}
              >
                <Avatar user={person} size={28} />
                <span className="person-name">
                  {nameOf(person)}
                  <small>{[roleOf(person), person.title].filter(Boolean).join(" · ")}</small>
                </span>
                {person.id === me.id && <Icon name="check" size={16} />}
              </MenuItem>
            ))}
        </>
      )}
    </Menu>
  );
}
