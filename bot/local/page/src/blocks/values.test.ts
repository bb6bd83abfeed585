import { expect, test } from "vitest";
import type { Block } from "../api/blocks";
import { validate } from "./validate";
import { valuesOf } from "./values";

const label = { type: "plain_text", text: "Field" } as const;
const amount: Block = {
  type: "input",
  block_id: "amount",
  label,
  element: { type: "number_input", action_id: "a", is_decimal_allowed: true, max_value: "60" },
};

test("what was entered survives an update, what the app put in first does not override it", () => {
  const entered = { amount: { a: { type: "number_input", value: "12" } } };
  const updated = { ...amount, element: { ...amount.element!, initial_value: "50" } };
  expect(valuesOf([updated], entered)).toEqual(entered);
  expect(valuesOf([updated], {})["amount"]?.["a"]?.value).toBe("50");
});

test("a value is dropped when the element becomes another one", () => {
  const entered = { amount: { a: { type: "number_input", value: "12" } } };
  const changed: Block = { ...amount, element: { type: "plain_text_input", action_id: "a" } };
  expect(valuesOf([changed], entered)).toEqual({
    amount: { a: { type: "plain_text_input", value: null } },
  });
});

test("required fields and numbers are checked before the app is asked", () => {
  const check = (value: string | null): string | undefined =>
    validate([amount], { amount: { a: { type: "number_input", value } } })["amount"];
  expect(check(null)).toBe("Please complete this required field.");
  expect(check("12x")).toBe("Please enter a valid number.");
  expect(check("61")).toBe("Please enter a number no greater than 60.");
  expect(check("59.90")).toBeUndefined();
});
