import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/python";

/** First offset, and the offset after the last. */
export type Span = readonly [number, number];

/**
 * What the syntax tree of a cell says about where a finding of ruff is not certain; the twin of
 * `grading/rules/facts.py`, which explains the fields.
 */
export interface Facts {
  scopes: Span[];
  quiet: Span[];
  loops: Span[];
  unread: Span[];
  decorated: Span[];
  optional: Span[];
  slotted: Span[];
  bound: Set<string>;
  assigned: Set<string>;
  deleted: Set<string>;
}

const UNDECIDED_TEST = /version_info|TYPE_CHECKING|^(?:True|False|None|0|1)$/;
const NEVER = /^(?:False|None|0)$/;
const CATCHING = /\b(?:suppress|raises|assertRaises\w*)\b/;
const LEAVING: ReadonlySet<string> = new Set([
  "ReturnStatement", "RaiseStatement", "ContinueStatement", "BreakStatement",
]);
const COMPREHENSION = /ComprehensionExpression$/;

/** Whether an offset lies in one of the spans. */
export function within(spans: readonly Span[], offset: number): boolean {
  return spans.some(([start, end]) => start <= offset && offset < end);
}

/** The facts of a cell's plain text; null if the editor's grammar cannot parse it. */
export function factsOf(code: string): Facts | null {
  const tree = parser.parse(code);
  const reader = new Reader(code);
  return reader.read(tree.topNode) ? reader.facts : null;
}

class Reader {
  readonly facts: Facts = {
    scopes: [], quiet: [], loops: [], unread: [], decorated: [], optional: [], slotted: [],
    bound: new Set(), assigned: new Set(), deleted: new Set(),
  };

  constructor(private readonly code: string) {}

  /** Walks without recursion: students nest deeper than the stack allows. False at an error. */
  read(root: SyntaxNode): boolean {
    const waiting: [SyntaxNode, boolean][] = [[root, true]];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [node, top] = next;
      if (node.type.isError) return false;
      this.note(node);
      this.names(node, top);
      const opens = ["FunctionDefinition", "ClassDefinition", "LambdaExpression"].includes(node.name);
      for (const child of childrenOf(node)) {
        const inside = opens && (child.name === "Body" || isLambdaBody(node, child));
        waiting.push([child, top && !inside]);
      }
    }
    return true;
  }

  private note(node: SyntaxNode): void {
    const { facts } = this;
    this.dead(node);
    switch (node.name) {
      case "FunctionDefinition":
        this.function(node);
        break;
      case "ClassDefinition":
        facts.scopes.push(span(node.getChild("Body")));
        if (!this.plainlySlotted(node)) facts.slotted.push(span(node));
        break;
      case "LambdaExpression":
        facts.scopes.push(span(node.lastChild));
        break;
      case "IfStatement":
        this.branches(node, UNDECIDED_TEST);
        break;
      case "WhileStatement":
        this.branches(node, NEVER);
        facts.loops.push(span(node));
        break;
      case "ForStatement":
        facts.loops.push(span(node));
        break;
      case "TryStatement":
        if (node.getChild("except")) facts.quiet.push(span(node.getChild("Body")));
        break;
      case "WithStatement": {
        const body = span(node.getChild("Body"));
        if (CATCHING.test(this.code.slice(node.from, body[0]))) facts.quiet.push(body);
        break;
      }
      case "ConditionalExpression":
        facts.quiet.push(span(node.firstChild), span(node.lastChild));
        break;
      case "BinaryExpression":
        if (node.getChild("and") ?? node.getChild("or")) facts.quiet.push(span(node.lastChild));
        break;
      case "AssertStatement": {
        const comma = childrenOf(node).find((child) => this.text(child) === ",");
        if (comma) facts.quiet.push([comma.to, node.to]);
        break;
      }
      case "TypeDef":
      case "String":
        facts.unread.push(span(node));
        break;
      default:
        if (COMPREHENSION.test(node.name)) facts.loops.push(span(node));
    }
  }

  /** Notes the statements that follow a `return` in the same block. */
  private dead(node: SyntaxNode): void {
    if (!["Body", "Script", "StatementGroup"].includes(node.name)) return;
    const statements = childrenOf(node).filter((child) => child.name.endsWith("Statement") || child.name.endsWith("Definition"));
    const leaves = statements.findIndex((child) => LEAVING.has(child.name));
    const after = leaves < 0 ? undefined : statements[leaves + 1];
    if (after) this.facts.quiet.push([after.from, node.to]);
  }

  private branches(node: SyntaxNode, pattern: RegExp): void {
    const children = childrenOf(node);
    for (const [at, child] of children.entries()) {
      const test = ["if", "elif", "while"].includes(child.name) ? children[at + 1] : undefined;
      if (test && pattern.test(this.bare(test))) this.facts.quiet.push([test.to, node.to]);
    }
  }

  private function(node: SyntaxNode): void {
    const { facts } = this;
    const body = span(node.getChild("Body"));
    facts.scopes.push(body);
    const decorators = decoratorsOf(node);
    if (decorators.length > 0) facts.decorated.push(span(node));
    const isProperty = decorators.length === 1 && this.text(decorators[0]).replace(/\s/g, "") === "@property";
    if (!isProperty || !this.needsArgument(node)) facts.optional.push([node.from, body[0]]);
  }

  /** Whether a method needs more than its object to be called. */
  private needsArgument(node: SyntaxNode): boolean {
    let required = 0;
    let named = false;
    const children = childrenOf(node.getChild("ParamList"));
    for (const [at, child] of children.entries()) {
      const before = this.text(children[at - 1]);
      if (this.text(child) === "*") named = true;
      if (child.name !== "VariableName" || before.startsWith("*") || before === "=") continue;
      const after = children[at + 1]?.name === "TypeDef" ? children[at + 2] : children[at + 1];
      if (after?.name === "AssignOp") continue;
      if (named) return true;
      required += 1;
    }
    return required > 1;
  }

  private names(node: SyntaxNode, top: boolean): void {
    const { assigned, bound, deleted } = this.facts;
    for (const name of this.binds(node)) {
      assigned.add(name);
      if (top) bound.add(name);
    }
    if (node.name === "ScopeStatement" && node.getChild("global")) {
      for (const child of node.getChildren("VariableName")) bound.add(this.text(child));
    }
    if (node.name === "DeleteStatement") for (const name of this.variables(node)) deleted.add(name);
  }

  private binds(node: SyntaxNode): string[] {
    switch (node.name) {
      case "AssignStatement":
        return this.targets(childrenOf(node), (child) => child.name === "AssignOp");
      case "UpdateStatement":
        return this.targets(childrenOf(node).slice(0, 1));
      case "NamedExpression":
        return this.targets(childrenOf(node).slice(0, 1));
      case "ForStatement": {
        const children = childrenOf(node);
        return this.targets(children.slice(0, children.findIndex((child) => child.name === "in")));
      }
      case "FunctionDefinition":
      case "ClassDefinition":
        return this.texts(node.getChild("VariableName"));
      case "ImportStatement":
        return this.imported(node);
      case "TryStatement":
      case "WithStatement":
      case "AsPattern": {
        const children = childrenOf(node);
        return this.targets(children.filter((_child, at) => children[at - 1]?.name === "as"));
      }
      case "CapturePattern":
        return this.texts(node.firstChild).filter((name) => name !== "_");
      default:
        return [];
    }
  }

  /** Names in targets, up to the last child that `ends` a target where that is given. */
  private targets(children: readonly SyntaxNode[], ends?: (child: SyntaxNode) => boolean): string[] {
    const last = ends ? children.map(ends).lastIndexOf(true) : children.length;
    const names: string[] = [];
    // `x: int` alone has no `=`, and names its target first.
    const waiting = last < 0 ? children.slice(0, 1) : children.slice(0, last);
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      if (node.name === "VariableName") names.push(this.text(node));
      if (["TupleExpression", "ArrayExpression", "ParenthesizedExpression"].includes(node.name)) {
        waiting.push(...childrenOf(node));
      }
    }
    return names;
  }

  /** `import a.b as c, d.e` binds `c` and `d`; `from a import b as c` binds `c`. */
  private imported(node: SyntaxNode): string[] {
    const children = childrenOf(node);
    const begin = children.findIndex((child) => child.name === "import") + 1;
    const names: string[] = [];
    for (let at = begin; at < children.length; at += 1) {
      const child = children[at];
      const before = children[at - 1];
      if (child?.name !== "VariableName" || this.text(before) === ".") continue;
      if (before?.name === "as") names.pop();
      names.push(this.text(child));
    }
    return names;
  }

  private variables(root: SyntaxNode): string[] {
    const names: string[] = [];
    root.cursor().iterate((ref) => {
      if (ref.name === "VariableName") names.push(this.code.slice(ref.from, ref.to));
    });
    return names;
  }

  /** Whether nothing in the class but `__slots__` decides what can be set. */
  private plainlySlotted(node: SyntaxNode): boolean {
    const bases = childrenOf(node.getChild("ArgList"));
    if (decoratorsOf(node).length > 0 || bases.length > 2) return false;
    return childrenOf(node.getChild("Body")).every((part) => {
      const plain = part.name === "DecoratedStatement" ? part.getChild("FunctionDefinition") : part;
      switch (plain?.name) {
        case "FunctionDefinition":
          return this.texts(plain.getChild("VariableName"))[0] !== "__setattr__";
        case "AssignStatement":
          return this.variables(plain).every((name) => name === "__slots__");
        default:
          return [":", "ExpressionStatement", "PassStatement", "Comment"].includes(plain?.name ?? "");
      }
    });
  }

  private text(node: SyntaxNode | null | undefined): string {
    return node ? this.code.slice(node.from, node.to) : "";
  }

  private texts(node: SyntaxNode | null): string[] {
    return node ? [this.text(node)] : [];
  }

  /** A test's text without brackets around the whole of it. */
  private bare(node: SyntaxNode): string {
    const inner = node.name === "ParenthesizedExpression" ? childrenOf(node)[1] : undefined;
    return inner ? this.bare(inner) : this.text(node);
  }
}

function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child; child = child.nextSibling) {
    if (child.name !== "Comment") children.push(child);
  }
  return children;
}

function span(node: SyntaxNode | null): Span {
  return node ? [node.from, node.to] : [0, 0];
}

function decoratorsOf(node: SyntaxNode): SyntaxNode[] {
  return node.parent?.name === "DecoratedStatement" ? node.parent.getChildren("Decorator") : [];
}

function isLambdaBody(node: SyntaxNode, child: SyntaxNode): boolean {
  return node.name === "LambdaExpression" && child.from === node.lastChild?.from;
}
