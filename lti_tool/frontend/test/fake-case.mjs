// The attempt that the fake server starts from: a small case with every kind of cell.
const markdown = (id, subtask, html) => ({ id, kind: "markdown", source: "", subtask, html });
const code = (id, subtask, source) => ({ id, kind: "code", source, subtask });

export function freshAttempt(locale = "en") {
  return {
    attempt_id: "11111111-1111-4111-8111-111111111111",
    graded: true,
    case: {
      title: "Which cultivar is this wine?",
      description_html:
        "<h1>Which cultivar is this wine?</h1><p>A cooperative in Piedmont has mixed up its labels." +
        " From thirteen chemical measurements, find out which of <strong>three cultivars</strong>" +
        " each of 178 bottles came from.</p>",
      locale,
      subtasks: [
        { id: "look", title: "Look at the table", points: 2 },
        { id: "clean", title: "Clean it", points: 3 },
        { id: "split", title: "Split into train and test", points: 2 },
        { id: "model", title: "Build a pipeline", points: 5 },
      ],
    },
    document: {
      revision: 1,
      saved_at: "2026-11-23T12:00:00Z",
      cells: [
        code("setup", null, "import pandas as pd\nimport matplotlib.pyplot as plt\n"),
        markdown("t1", "look", "<h2>1. Look at the table</h2><p>Read <code>data/wine.csv</code> into a DataFrame called <code>wine</code> and show its first rows.</p>"),
        code("c1", "look", "wine = ...\nwine"),
        markdown("t2", "clean", "<h2>2. Clean it</h2><p>Some rows have no <code>alcohol</code>. Drop them, and call the result <code>clean</code>.</p><ul><li>Keep the order of the rows.</li><li>Do not change <code>wine</code> itself.</li></ul>"),
        code("c2", "clean", "clean = ...\n"),
        markdown("t3", "split", "<h2>3. Split into train and test</h2><p>Use <code>train_test_split</code> with <code>random_state=0</code>, so that everyone has the same bottles.</p>"),
        code("c3", "split", "from sklearn.model_selection import train_test_split\n\nX_train, X_test, y_train, y_test = ...\n"),
        markdown("t4", "model", "<h2>4. Build a pipeline</h2><p>Scale the measurements, then classify. Write <code>accuracy(model)</code> with a docstring.</p>"),
        code("c4", "model", 'def accuracy(model):\n    """Share of test bottles whose cultivar is found."""\n    ...\n'),
      ],
    },
    runs: {},
    validations: {},
    points: { score: 0, max_score: 12 },
    delivery: null,
    dates: { due_at: null, may_set: false, asked: false },
    kernel: { state: "idle", reason: null },
    last_seq: 0,
  };
}

export const TABLE =
  '<table class="dataframe"><thead><tr><th></th><th>cultivar</th><th>alcohol</th><th>malic_acid</th><th>ash</th><th>alcalinity_of_ash</th><th>magnesium</th><th>total_phenols</th><th>flavanoids</th><th>proline</th></tr></thead><tbody>' +
  [0, 1, 2, 3, 4]
    .map((row) => `<tr><th>${row}</th><td>0</td><td>${(14.23 - row / 7).toFixed(2)}</td><td>1.71</td><td>2.43</td><td>15.6</td><td>127.0</td><td>2.80</td><td>3.06</td><td>1065.0</td></tr>`)
    .join("") +
  "</tbody></table>";

export const CHART = `<svg xmlns="http://www.w3.org/2000/svg" width="420" height="260" font-family="sans-serif" font-size="12"><rect width="420" height="260" fill="white"/>${[
  [40, 150], [110, 190], [180, 120], [250, 90], [320, 60],
]
  .map(([x, h]) => `<rect x="${x + 20}" y="${220 - h}" width="48" height="${h}" fill="#4c78a8"/>`)
  .join("")}<path d="M50 20V220H400" fill="none" stroke="black"/><text x="190" y="250">cultivar</text></svg>`;

export const TRACEBACK =
  "\x1b[31m---------------------------------------------------------------------------\x1b[39m\n" +
  "\x1b[31mNameError\x1b[39m                                 Traceback (most recent call last)\n" +
  "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[3]\x1b[39m\x1b[32m, line 1\x1b[39m\n" +
  "\x1b[32m----> \x1b[39m\x1b[32m1\x1b[39m clean = \x1b[43mwyne\x1b[49m.dropna(subset=[\x1b[38;5;28m'alcohol'\x1b[39m])\n\n" +
  "\x1b[31mNameError\x1b[39m: name 'wyne' is not defined";
