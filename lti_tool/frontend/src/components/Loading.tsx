import { useServices } from "./context";

/** Holds the page's shape while the attempt is fetched. */
export function Loading({ title }: { title: string }) {
  const { language } = useServices();
  return (
    <main class="loading" aria-busy="true">
      <h1>{title}</h1>
      <p role="status">{language.t("page.loading")}</p>
      <div class="ghost ghost-line" />
      <div class="ghost ghost-line ghost-short" />
      <div class="ghost ghost-box" />
    </main>
  );
}
