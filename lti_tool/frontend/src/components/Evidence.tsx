import type { EvidenceRecord } from "../api/records";
import { useServices } from "./context";
import { Icon } from "./Icon";
import { InlineCode } from "./InlineCode";

interface Props {
  evidence: readonly EvidenceRecord[];
  codeNumbers: Readonly<Record<string, number>>;
}

/** What was checked, one by one: what came of it, what was observed, where. */
export function Evidence({ evidence, codeNumbers }: Props) {
  const { t } = useServices().language;
  const passed = evidence.filter(({ outcome }) => outcome === "pass").length;
  return (
    <details class="evidence">
      <summary>
        {t("evidence.title")}{" "}
        <span class="quiet">{t("evidence.count", { passed, all: evidence.length })}</span>
      </summary>
      <ul>
        {evidence.map((item) => (
          <Item key={item.id} item={item} codeNumbers={codeNumbers} />
        ))}
      </ul>
    </details>
  );
}

function Item({ item, codeNumbers }: { item: EvidenceRecord } & Pick<Props, "codeNumbers">) {
  const { t } = useServices().language;
  const told = item.observed !== null && item.message.replaceAll("`", "").includes(item.observed);
  return (
    <li class={`evidence-${item.outcome}`}>
      <p class="evidence-outcome">
        <Icon name={item.outcome === "pass" ? "check" : "alert"} />
        <span>
          {item.message ? <InlineCode text={item.message} /> : t(`evidence.${item.outcome}`)}
        </span>
      </p>
      <dl>
        {item.observed && !told ? (
          <>
            <dt>{t("evidence.observed")}</dt>
            <dd>
              <code>{item.observed}</code>
            </dd>
          </>
        ) : null}
        <Where locus={item.locus} codeNumbers={codeNumbers} />
      </dl>
    </li>
  );
}

interface WhereProps extends Pick<Props, "codeNumbers"> {
  locus: EvidenceRecord["locus"];
}

/** A place in the student's code, as a button that leads there. */
function Where({ locus, codeNumbers }: WhereProps) {
  const { workspace, language } = useServices();
  const { t } = language;
  const id = locus?.cell;
  const cell = id ? codeNumbers[id] : undefined;
  if (!id || cell === undefined) return null;
  const line = locus.line;
  return (
    <>
      <dt>{t("evidence.where")}</dt>
      <dd>
        <button type="button" class="link" onClick={() => workspace.goTo(id, line ?? 1)}>
          {line ? t("evidence.line", { cell, line }) : t("evidence.cell", { cell })}
        </button>
      </dd>
    </>
  );
}
