/** All that was said: a list for keyboard and screen reader, and the same as a read-only document. */
import * as vscode from "vscode";
import { spoken } from "./caption";
import type { TranscriptLine } from "./protocol";

const MOST_LINES = 500;
const SCHEME = "duologue-transcript";
const DOCUMENT = vscode.Uri.from({ scheme: SCHEME, path: "Duologue Transcript.md" });

interface Entry {
  line: TranscriptLine;
  began: Date;
}

export class Transcript implements vscode.TreeDataProvider<Entry>, vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly treeChanged = new vscode.EventEmitter<Entry | undefined>();
  private readonly documentChanged = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChangeTreeData = this.treeChanged.event;
  readonly onDidChange = this.documentChanged.event;
  private readonly view: vscode.TreeView<Entry>;
  private readonly disposables: vscode.Disposable[];

  constructor() {
    this.view = vscode.window.createTreeView("duologue.transcript", { treeDataProvider: this });
    this.disposables = [this.view, vscode.workspace.registerTextDocumentContentProvider(SCHEME, this)];
  }

  dispose(): void {
    vscode.Disposable.from(...this.disposables, this.treeChanged, this.documentChanged).dispose();
  }

  update(line: TranscriptLine): void {
    const known = this.entries.get(line.id);
    const entry = known ?? { line, began: new Date() };
    entry.line = line;
    this.entries.set(line.id, entry);
    const [oldest] = this.entries.keys();
    if (this.entries.size > MOST_LINES && oldest !== undefined) {
      this.entries.delete(oldest);
    }
    this.treeChanged.fire(known);
    this.documentChanged.fire(DOCUMENT);
    if (!known && this.view.visible && this.view.selection.length === 0) {
      void this.view.reveal(entry, { select: false, focus: false });
    }
  }

  clear(): void {
    this.entries.clear();
    this.treeChanged.fire(undefined);
    this.documentChanged.fire(DOCUMENT);
  }

  async open(): Promise<void> {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(DOCUMENT), { preview: false });
  }

  getChildren(parent?: Entry): Entry[] {
    return parent ? [] : [...this.entries.values()];
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem({ line, began }: Entry): vscode.TreeItem {
    const item = new vscode.TreeItem(line.text);
    item.id = line.id;
    item.description = began.toLocaleTimeString();
    item.iconPath = new vscode.ThemeIcon(line.role === "user" ? "account" : "comment");
    item.tooltip = spoken(line);
    item.accessibilityInformation = { label: `${spoken(line)}, ${item.description}` };
    item.contextValue = line.role;
    if (line.final && line.role === "partner" && line.heardUpTo !== null && line.heardUpTo < [...line.text].length) {
      // What was cut off is marked, so that nobody believes to have heard it.
      const heard = [...line.text].slice(0, line.heardUpTo).join("").length;
      item.label = { label: line.text, highlights: heard > 0 ? [[0, heard]] : [] };
      item.iconPath = new vscode.ThemeIcon("debug-pause");
    }
    return item;
  }

  provideTextDocumentContent(): string {
    const lines = [...this.entries.values()].map(({ line, began }) => `${began.toLocaleTimeString()}  ${spoken(line)}`);
    return lines.length > 0 ? `${lines.join("\n")}\n` : "Nothing has been said yet.\n";
  }
}
