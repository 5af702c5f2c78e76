/** What is being said, behind the line of the cursor; it goes away by itself. */
import * as vscode from "vscode";
import { caption } from "./caption";
import type { TranscriptLine } from "./protocol";
import { type Truth, sounding } from "./state";

const STAYS_MS = 6000;
const COLUMNS = 64;
/** Where the words stand anyway, or nobody edits. */
const NOT_CODE = new Set(["duologue-transcript", "output"]);
const GAP = "0 0 0 2em";

/** The words themselves come with each range; the types only fix what is drawn first. */
function words(): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({ rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen });
}

export class Captions implements vscode.Disposable {
  private readonly types = { heard: words(), unheard: words() };
  private readonly disposables: vscode.Disposable[];
  private line: TranscriptLine | undefined;
  private editor: vscode.TextEditor | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly truth: Truth,
    private readonly enabled: () => boolean,
  ) {
    this.disposables = [
      vscode.window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor === vscode.window.activeTextEditor) {
          this.draw();
        }
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.draw()),
      ...Object.values(this.types),
    ];
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  update(line: TranscriptLine): void {
    this.line = this.enabled() ? line : undefined;
    this.draw();
    this.rest();
  }

  clear(): void {
    clearTimeout(this.timer);
    this.line = undefined;
    this.draw();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (sounding(this.truth.now) ? this.rest() : this.clear()), STAYS_MS);
  }

  private draw(): void {
    const editor = vscode.window.activeTextEditor;
    if (this.editor && this.editor !== editor) {
      this.set(this.editor, "", "");
    }
    this.editor = editor;
    if (editor && this.line && !NOT_CODE.has(editor.document.uri.scheme)) {
      const { mark, heard, unheard } = caption(this.line, COLUMNS);
      this.set(editor, `${mark} ${heard}`, unheard);
    } else if (editor) {
      this.set(editor, "", "");
    }
  }

  private set(editor: vscode.TextEditor, heard: string, unheard: string): void {
    const end = editor.document.lineAt(editor.selection.active.line).range.end;
    const at = (text: string, colour: string, margin: string, fontStyle: string): vscode.DecorationOptions[] =>
      text === ""
        ? []
        : [
            {
              range: new vscode.Range(end, end),
              renderOptions: { after: { contentText: text, color: new vscode.ThemeColor(colour), margin, fontStyle } },
            },
          ];
    // Spaces at the end of a decoration are not drawn; a margin stands for them.
    editor.setDecorations(this.types.heard, at(heard.trimEnd(), "duologue.captionForeground", GAP, "normal"));
    editor.setDecorations(this.types.unheard, at(unheard.trim(), "duologue.unheardForeground", "0 0 0 0.5em", "italic"));
  }
}
