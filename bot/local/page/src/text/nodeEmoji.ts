/** Stands in for node-emoji, which slack-blocks-to-jsx imports; `blocks/Library.tsx` draws all emoji. */
export const emojify = (text: string): string => text;
