/** What LSP does not tell a server: the cursor, what other tools complain about, test runs and commits. */
import * as vscode from "vscode";
import type { Server } from "./client";
import { watchGit } from "./git";
import { pace } from "./pace";
import { CONTEXT } from "./protocol";

const INTERVAL_MS = 50;
const OURS = "duologue";
/** Programs that run tests, when they are typed into a terminal; only their end is looked at. */
const TESTS =
  /(^|[\s/;&|])(pytest|py\.test|unittest|tox|nox|nosetests|jest|vitest|mocha|ava|rspec|phpunit|ctest|busted|(cargo|go|npm|pnpm|yarn|bun|deno|make|dotnet|mix|gradle|gradlew|mvn|rake|swift|zig)\s+(run\s+)?test)\b/;

function position(at: vscode.Position): object {
  return { line: at.line, character: at.character };
}

function range(of: vscode.Range): object {
  return { start: position(of.start), end: position(of.end) };
}

function diagnostic(found: vscode.Diagnostic): object {
  const code = typeof found.code === "object" ? found.code.value : found.code;
  const { message, source } = found;
  return { range: range(found.range), severity: found.severity + 1, message, source, code };
}

export class Surroundings implements vscode.Disposable {
  private readonly disposables: vscode.Disposable[] = [];
  private readonly stale = new Map<string, vscode.Uri>();
  private sent = "";
  private readonly cursorSoon = pace(INTERVAL_MS, () => this.cursor());
  private readonly diagnosticsSoon = pace(INTERVAL_MS, () => this.diagnostics());

  constructor(
    private readonly server: Server,
    log: vscode.LogOutputChannel,
  ) {
    this.disposables.push(
      vscode.window.onDidChangeTextEditorSelection(() => this.cursorSoon.push()),
      vscode.window.onDidChangeActiveTextEditor(() => this.cursorSoon.push()),
      vscode.languages.onDidChangeDiagnostics(({ uris }) => this.complain(uris)),
      vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
        if (execution.task.group?.id === vscode.TaskGroup.Test.id && exitCode !== undefined) {
          this.tests(execution.task.name, exitCode);
        }
      }),
      vscode.window.onDidEndTerminalShellExecution(({ execution, exitCode }) => {
        const command = execution.commandLine.value;
        if (exitCode !== undefined && TESTS.test(command)) {
          this.tests(command.split("\n", 1)[0] ?? command, exitCode);
        }
      }),
      watchGit((event) => this.server.notify(CONTEXT, { git: event }), log),
    );
  }

  dispose(): void {
    this.cursorSoon.dispose();
    this.diagnosticsSoon.dispose();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Tells a new server all that it has missed. */
  catchUp(): void {
    this.sent = "";
    this.cursorSoon.push();
    this.complain(vscode.languages.getDiagnostics().map(([uri]) => uri));
  }

  private complain(uris: readonly vscode.Uri[]): void {
    for (const uri of uris) {
      this.stale.set(uri.toString(), uri);
    }
    this.diagnosticsSoon.push();
  }

  private cursor(): void {
    const editor = vscode.window.activeTextEditor;
    if (!editor) {
      return;
    }
    const uri = editor.document.uri.toString();
    const selection = editor.selection.isEmpty ? undefined : range(editor.selection);
    const cursor = { uri, position: position(editor.selection.active), selection };
    const visibleRanges = { uri, ranges: editor.visibleRanges.map(range) };
    const told = JSON.stringify({ cursor, visibleRanges });
    if (told !== this.sent && this.server.notify(CONTEXT, { cursor, visibleRanges })) {
      this.sent = told;
    }
  }

  private diagnostics(): void {
    const open = new Set(vscode.workspace.textDocuments.map((document) => document.uri.toString()));
    for (const [name, uri] of this.stale) {
      if (open.has(name)) {
        const items = vscode.languages.getDiagnostics(uri).filter((found) => found.source !== OURS);
        this.server.notify(CONTEXT, { diagnostics: { uri: name, items: items.map(diagnostic) } });
      }
    }
    this.stale.clear();
  }

  /** VS Code tells other extensions how a run ended, not how many tests there were: a run counts as one. */
  private tests(name: string, exitCode: number): void {
    const failed = exitCode === 0 ? 0 : 1;
    const message = failed ? `${name} ended with code ${exitCode}` : "";
    this.server.notify(CONTEXT, { tests: { passed: 1 - failed, failed, message } });
  }
}
