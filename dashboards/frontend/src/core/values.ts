// Rows as answers hold them, and their cells. Pure.

export type Rows = readonly (readonly unknown[])[];

/** A cell as text, as a number; what is neither is empty, is 0. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
export const numberOf = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
