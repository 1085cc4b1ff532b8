// Light or dark: what the reader chose, else what the system says.

import { THEMES } from "inspector/colours.js";

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

export const themeNow = () => THEMES[isDark() ? "dark" : "light"];
