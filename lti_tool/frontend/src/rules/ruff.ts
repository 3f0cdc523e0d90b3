import { PositionEncoding, Workspace } from "@astral-sh/ruff-wasm-web";
import { BUILTINS, codesOf } from "./catalogue";
import type { Report, Ruff } from "./check";

/** Ruff in this thread, whose WebAssembly has been loaded, for a kernel's Python such as `py311`. */
export function ruffFor(python: string): Ruff {
  const linter = (select: readonly string[]) =>
    new Workspace(
      { "target-version": python, builtins: BUILTINS, lint: { select } },
      PositionEncoding.Utf16,
    );
  const compiling = linter(codesOf("A"));
  const raising = linter(codesOf("B", "C"));
  return {
    compiling: (code) => compiling.check(code) as Report[],
    raising: (code) => raising.check(code) as Report[],
  };
}
