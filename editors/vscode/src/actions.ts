/** What spoken commands want of the editor that no language server can do, and the sight of what they are about. */
import * as vscode from "vscode";
import { repository } from "./git";
import type { Answer, ClientCommand, Preview } from "./protocol";

/** How long the eye is led to what a command has just done; a question stays until it is answered. */
const SEEN_MS = 1500;

type Action = (argument: string) => Thenable<unknown> | undefined;

function run(command: string, ...args: unknown[]): Action {
  return () => vscode.commands.executeCommand(command, ...args);
}

function scroll(to: "up" | "down", by: "halfPage" | "page"): Action {
  return run("editorScroll", { to, by, value: 1, revealCursor: true });
}

async function openFile(name: string): Promise<void> {
  const wanted = name.toLowerCase().replace(/\s+/g, "");
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.path.toLowerCase().endsWith(`/${wanted}`));
  if (open) {
    await vscode.window.showTextDocument(open);
  } else {
    await vscode.commands.executeCommand("workbench.action.quickOpen", name);
  }
}

async function commit(message: string): Promise<void> {
  const found = repository();
  if (!found) {
    throw new Error("no git repository is open");
  }
  await found.commit(message, { all: true });
}

function center(): Thenable<unknown> | undefined {
  const editor = vscode.window.activeTextEditor;
  return (
    editor &&
    vscode.commands.executeCommand("revealLine", { lineNumber: editor.selection.active.line, at: "center" })
  );
}

/** By the project's own task for tests, if it has one; else by whichever extension knows the tests. */
async function runTests(): Promise<void> {
  const tasks = await vscode.tasks.fetchTasks();
  const known = tasks.some(({ group }) => group?.id === vscode.TaskGroup.Test.id);
  await vscode.commands.executeCommand(known ? "workbench.action.tasks.test" : "testing.runAll");
}

async function cheatSheet(lines: string): Promise<void> {
  const content = `# What can be said here\n\n${lines.replace(/^/gm, "- ")}\n`;
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true, preview: true });
}

const ACTIONS: Record<string, Action> = {
  back: run("workbench.action.navigateBack"),
  forward: run("workbench.action.navigateForward"),
  definition: run("editor.action.revealDefinition"),
  references: run("editor.action.goToReferences"),
  hover: run("editor.action.showHover"),
  symbol: (name) => vscode.commands.executeCommand("workbench.action.quickOpen", `#${name}`),
  nextProblem: run("editor.action.marker.nextInFiles"),
  previousProblem: run("editor.action.marker.prevInFiles"),
  problems: run("workbench.actions.view.problems"),
  completions: run("editor.action.triggerSuggest"),
  quickFix: run("editor.action.quickFix"),
  format: run("editor.action.formatDocument"),
  find: (text) =>
    vscode.commands.executeCommand("editor.actions.findWithArgs", { searchString: text, findInSelection: false }),
  nextMatch: run("editor.action.nextMatchFindAction"),
  previousMatch: run("editor.action.previousMatchFindAction"),
  fold: run("editor.fold"),
  unfold: run("editor.unfold"),
  save: run("workbench.action.files.save"),
  saveAll: run("workbench.action.files.saveAll"),
  runTests,
  runThisTest: run("testing.runAtCursor"),
  runTestFile: run("testing.runCurrentFile"),
  runFile: run("workbench.action.debug.run"),
  debug: run("workbench.action.debug.start"),
  breakpoint: run("editor.debug.action.toggleBreakpoint"),
  build: run("workbench.action.tasks.build"),
  commit,
  commitAsking: run("git.commitAll"),
  showChanges: run("workbench.view.scm"),
  terminal: run("workbench.action.terminal.focus"),
  sidebar: run("workbench.action.toggleSidebarVisibility"),
  splitRight: run("workbench.action.splitEditorRight"),
  splitDown: run("workbench.action.splitEditorDown"),
  closeWindow: run("workbench.action.closeActiveEditor"),
  closeOthers: run("workbench.action.closeOtherEditors"),
  nextWindow: run("workbench.action.focusNextGroup"),
  previousWindow: run("workbench.action.focusPreviousGroup"),
  nextBuffer: run("workbench.action.nextEditor"),
  previousBuffer: run("workbench.action.previousEditor"),
  buffer: openFile,
  openFile,
  scrollUp: scroll("up", "halfPage"),
  scrollDown: scroll("down", "halfPage"),
  pageUp: scroll("up", "page"),
  pageDown: scroll("down", "page"),
  center,
  cheatSheet,
};

/** Does it, and says whether it could. A name that is none of ours is a command of VS Code's, from the user's own file. */
export async function perform({ name, argument }: ClientCommand): Promise<Answer> {
  try {
    const action = ACTIONS[name];
    if (action) {
      await action(argument);
    } else if (name.includes(".")) {
      await vscode.commands.executeCommand(name, ...(argument === "" ? [] : [argument]));
    } else {
      return { ok: false, message: `VS Code has nothing for '${name}'` };
    }
    return { ok: true, message: "" };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

/** Lights up what a command is about, and says in the caption's colours what it does. */
export class Previews implements vscode.Disposable {
  private timer: NodeJS.Timeout | undefined;
  private message: vscode.Disposable | undefined;
  private readonly light = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.findMatchHighlightBackground"),
    borderColor: new vscode.ThemeColor("duologue.offerForeground"),
    borderStyle: "dotted",
    borderWidth: "1px",
  });

  dispose(): void {
    this.clear();
    this.light.dispose();
  }

  show({ uri, ranges, caption, question }: Preview): void {
    this.clear();
    const said = question || caption;
    if (said !== "") {
      this.message = vscode.window.setStatusBarMessage(`$(megaphone) ${said}`);
    }
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === uri) {
        const lit = ranges.map(
          ({ start, end }) => new vscode.Range(start.line, start.character, end.line, end.character),
        );
        editor.setDecorations(this.light, lit);
      }
    }
    if (question === "") {
      this.timer = setTimeout(() => this.clear(), SEEN_MS);
    }
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.message?.dispose();
    this.message = undefined;
    for (const editor of vscode.window.visibleTextEditors) {
      editor.setDecorations(this.light, []);
    }
  }
}
