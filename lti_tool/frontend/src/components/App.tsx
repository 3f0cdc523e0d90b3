import { useServices, useStore } from "./context";
import { Header } from "./Header";
import { LiveRegion } from "./LiveRegion";
import { Banners } from "./Banners";
import { Loading } from "./Loading";
import { Problem } from "./Problem";
import { Tasks } from "./Tasks";
import { TaskList } from "./TaskList";

interface Props {
  /** Known from the shell before anything is loaded. */
  title: string;
}

/** The page: loading, failed, or the attempt. */
export function App({ title }: Props) {
  const { workspace, language } = useServices();
  const phase = useStore(({ state }) => state.phase);
  const notice = useStore(({ state }) => (state.phase === "failed" ? state.notice : null));
  if (phase === "loading") return <Loading title={title} />;
  if (notice) {
    return <Problem title={title} notice={notice} onRetry={() => void workspace.load()} />;
  }
  return (
    <>
      <a class="skip" href="#task-1">{language.t("page.skip")}</a>
      <Header />
      <Banners />
      <div class="layout">
        <TaskList />
        <Tasks />
      </div>
      <LiveRegion />
    </>
  );
}
