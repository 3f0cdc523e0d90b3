import type { CellRecord } from "../api/records";
import { CodeCell } from "./CodeCell";
import { Html } from "./content";

interface Props {
  cells: readonly CellRecord[];
  /** 1, 2, 3 … of the task around them; 0 outside of tasks. */
  taskNumber: number;
  taskId: string | null;
  codeNumbers: Readonly<Record<string, number>>;
  /** The section's title, which its first text need not repeat. */
  title: string;
}

/** Text and code in their order. */
export function Cells({ cells, taskNumber, taskId, codeNumbers, title }: Props) {
  return (
    <>
      {cells.map((cell, index) =>
        cell.kind === "markdown" ? (
          <Html key={cell.id} html={cell.html ?? ""} title={index === 0 ? title : ""} />
        ) : (
          <CodeCell
            key={cell.id}
            id={cell.id}
            number={codeNumbers[cell.id] ?? 0}
            taskNumber={taskNumber}
            taskId={taskId}
          />
        ),
      )}
    </>
  );
}
