import { useServices } from "./context";
import { CodeEditor } from "./CodeEditor";
import { Outputs } from "./Outputs";
import { RunBar } from "./RunBar";

interface Props {
  id: string;
  /** 1, 2, 3 … of the code cell in the document. */
  number: number;
  /** 1, 2, 3 … of its task; 0 outside of tasks. */
  taskNumber: number;
  taskId: string | null;
}

/** One code cell: editor, Run and Stop, output. */
export function CodeCell({ id, number, taskNumber, taskId }: Props) {
  const { workspace } = useServices();
  return (
    <div class="cell" data-testid={`cell-${id}`}>
      <CodeEditor
        cellId={id}
        number={number}
        taskNumber={taskNumber}
        onRun={() => void workspace.run(id)}
        onValidate={() => taskId !== null && void workspace.validate(taskId)}
      />
      <RunBar cellId={id} number={number} />
      <Outputs cellId={id} number={number} taskNumber={taskNumber} />
    </div>
  );
}
