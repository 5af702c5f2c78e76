/** Suggestions at the line that they speak of, for as long as they can be taken. */
import * as vscode from "vscode";
import type { Offer } from "./protocol";

/** How long a suggestion that was spoken can still be read; nobody says when it has lost its meaning. */
const SPOKEN_MS = 60_000;
/** More quick fixes than this are not looked at. */
const MOST_FIXES = 10;

interface Shown {
  offer: Offer;
  uri: vscode.Uri;
  line: number;
  timer?: NodeJS.Timeout;
}

/** Shows a line, and puts the cursor at its code. */
async function place(uri: vscode.Uri, line: number): Promise<vscode.TextEditor> {
  const editor = await vscode.window.showTextDocument(uri);
  const { range, firstNonWhitespaceCharacterIndex } = editor.document.lineAt(Math.min(line, editor.document.lineCount - 1));
  const at = range.start.translate(0, firstNonWhitespaceCharacterIndex);
  editor.selection = new vscode.Selection(at, at);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

export class Offers implements vscode.CodeLensProvider, vscode.CodeActionProvider, vscode.Disposable {
  private readonly shown = new Map<string, Shown>();
  private edits = 0;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("duologue.offerBackground"),
    overviewRulerColor: new vscode.ThemeColor("duologue.offerForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Right,
    borderColor: new vscode.ThemeColor("duologue.offerForeground"),
    borderStyle: "solid",
    borderWidth: "0 0 0 3px",
  });
  /** What is worth a look, before it is worth a sentence. */
  private readonly cue = vscode.window.createTextEditorDecorationType({
    after: { contentText: " ◆", color: new vscode.ThemeColor("duologue.offerForeground"), margin: "0 0 0 1ch" },
    overviewRulerColor: new vscode.ThemeColor("duologue.offerForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly enabled: () => boolean) {
    const everywhere: vscode.DocumentSelector = [{ scheme: "*" }];
    this.disposables = [
      this.mark,
      this.cue,
      this.changed,
      vscode.languages.registerCodeLensProvider(everywhere, this),
      vscode.languages.registerCodeActionsProvider(everywhere, this, {
        providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => this.draw()),
      vscode.window.onDidChangeTextEditorSelection(() => this.here()),
      vscode.workspace.onDidChangeTextDocument((event) => this.follow(event)),
    ];
  }

  dispose(): void {
    this.clear();
    vscode.Disposable.from(...this.disposables).dispose();
  }

  /** Whether an edit that was accepted is being made: it is no key of the user's. */
  get applying(): boolean {
    return this.edits > 0;
  }

  update(offer: Offer): void {
    const before = this.shown.get(offer.id);
    if (before && offer.outcome === "accepted" && offer.fix === "") {
      void this.take(before);
    }
    this.remove(offer.id);
    const open = offer.outcome === "waiting" || offer.outcome === "spoken";
    if (open && this.enabled() && offer.uri !== null && offer.line !== null) {
      const entry: Shown = { offer, uri: vscode.Uri.parse(offer.uri, true), line: offer.line };
      if (offer.outcome === "spoken") {
        entry.timer = setTimeout(() => {
          this.remove(offer.id);
          this.refresh();
        }, SPOKEN_MS);
      }
      this.shown.set(offer.id, entry);
    }
    this.refresh();
  }

  clear(): void {
    for (const id of [...this.shown.keys()]) {
      this.remove(id);
    }
    this.refresh();
  }

  /** The suggestion at the cursor, else the newest. */
  chosen(): Offer | undefined {
    const editor = vscode.window.activeTextEditor;
    const at = editor && this.of(editor.document).find(({ line }) => line === editor.selection.active.line);
    return (at ?? [...this.shown.values()].at(-1))?.offer;
  }

  /**
   * Puts the cursor where an accepted suggestion is about. If another extension has exactly one quick fix there that it
   * prefers, that is carried out.
   */
  private async take({ uri, line }: Shown): Promise<void> {
    const { document } = await place(uri, line);
    const range = document.lineAt(Math.min(line, document.lineCount - 1)).range;
    const fixes = await vscode.commands.executeCommand<vscode.CodeAction[] | undefined>(
      "vscode.executeCodeActionProvider",
      uri,
      range,
      vscode.CodeActionKind.QuickFix.value,
      MOST_FIXES,
    );
    const sure = (fixes ?? []).filter((fix) => fix.isPreferred && fix.edit && !fix.disabled);
    if (sure.length === 1 && sure[0]?.edit) {
      await this.apply(sure[0].edit);
    }
  }

  /** Makes an edit that was accepted, as one step to undo. */
  async apply(edit: vscode.WorkspaceEdit): Promise<boolean> {
    this.edits += 1;
    try {
      return await vscode.workspace.applyEdit(edit);
    } finally {
      this.edits -= 1;
    }
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    return this.of(document).flatMap(({ offer, line }) => {
      const range = document.lineAt(Math.min(line, document.lineCount - 1)).range;
      const { text, id } = offer;
      return [
        new vscode.CodeLens(range, { title: `◆ ${text}`, command: "duologue.accept", arguments: [{ id }] }),
        new vscode.CodeLens(range, { title: offer.fix || "Accept", command: "duologue.accept", arguments: [{ id }] }),
        new vscode.CodeLens(range, { title: "Dismiss", command: "duologue.dismiss", arguments: [{ id }] }),
      ];
    });
  }

  provideCodeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
    const here = this.of(document).filter(({ line }) => line >= range.start.line && line <= range.end.line);
    return here.flatMap(({ offer }) =>
      (["accept", "dismiss"] as const).map((verb) => {
        const what = verb === "accept" && offer.fix ? offer.fix : `${verb} “${offer.text}”`;
        const title = `Duologue: ${what}`;
        const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
        action.command = { title, command: `duologue.${verb}`, arguments: [{ id: offer.id }] };
        return action;
      }),
    );
  }

  private of(document: vscode.TextDocument): Shown[] {
    const uri = document.uri.toString();
    return [...this.shown.values()].filter((entry) => entry.uri.toString() === uri);
  }

  private remove(id: string): void {
    clearTimeout(this.shown.get(id)?.timer);
    this.shown.delete(id);
  }

  private refresh(): void {
    this.draw();
    this.changed.fire();
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const last = editor.document.lineCount - 1;
      const shown = this.of(editor.document).map(({ offer, line }) => ({
        channel: offer.channel,
        range: editor.document.lineAt(Math.min(line, last)).range,
        hoverMessage: new vscode.MarkdownString("**Duologue** ").appendText(offer.text),
      }));
      editor.setDecorations(this.mark, shown);
      editor.setDecorations(
        this.cue,
        shown.filter(({ channel }) => channel !== "mark"),
      );
    }
    this.here();
  }

  /** Lets keys be bound to what is at the cursor. */
  private here(): void {
    const editor = vscode.window.activeTextEditor;
    const row = editor?.selection.active.line;
    const here = editor !== undefined && this.of(editor.document).some(({ line }) => line === row);
    void vscode.commands.executeCommand("setContext", "duologue.offerHere", here);
    void vscode.commands.executeCommand("setContext", "duologue.hasOffer", this.shown.size > 0);
  }

  /** Lines above move a suggestion; until the server says so, it moves with its line. */
  private follow({ document, contentChanges }: vscode.TextDocumentChangeEvent): void {
    for (const entry of this.of(document)) {
      for (const { range, text } of contentChanges) {
        if (range.end.line < entry.line || (range.end.line === entry.line && range.end.character === 0)) {
          entry.line += text.split("\n").length - 1 - (range.end.line - range.start.line);
        }
      }
    }
  }
}
