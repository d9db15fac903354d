// Open and save, and taking over what is pasted from Sentry.
import * as React from "react";
import { Icon } from "../core/icons.tsx";
import { Menu } from "../core/menu.tsx";
import { asProblem } from "../core/problem.ts";
import { announceProblem, toast } from "../core/toast.ts";
import { changePage, currentUrl } from "../core/url.ts";
import { type Given, pageOf } from "./parameters.ts";
import { SaveDialog } from "./save_dialog.tsx";
import { looksLikeSentry, type SavedQuery } from "./saved.ts";
import { importSentry } from "./saved_api.ts";
import { SavedList } from "./saved_list.tsx";

/** Take a pasted address of Sentry over: its query is written as a text of ours and asked. */
export function takeSentry(pasted: string): boolean {
  if (!looksLikeSentry(pasted)) return false;
  importSentry(pasted.trim()).then(
    ({ items: [made] }) => {
      if (!made) return;
      toast("The query of Sentry was written as Discover.", { hint: made.warnings.join(" ") });
      changePage({ ...pageOf({}, currentUrl().state.page), q: made.text, lang: "", saved: "", version: "", rows: "" });
    },
    (error: unknown) => announceProblem(asProblem(error)),
  );
  return true;
}

interface OpenAndSaveProps {
  sql: boolean;
  given: Readonly<Record<string, Given>>;
  draft: string;
  saved: SavedQuery | null;
  onOpen: (saved: SavedQuery) => void;
}

/** The buttons that open a saved query and save the one in the line. */
export function OpenAndSave({ sql, given, draft, saved, onOpen }: OpenAndSaveProps): React.ReactElement {
  const [saving, setSaving] = React.useState<"new" | "version" | null>(null);
  const changes = saved?.may_change ?? false;
  return (
    <>
      <Menu label={<><Icon name="folder" /> Open</>} name="Open a saved query" className="button quiet small" kind="dialog" align="end">
        {(close) => (
          <SavedList
            onOpen={(found) => {
              close();
              onOpen(found);
            }}
          />
        )}
      </Menu>
      {changes ? (
        <button type="button" className="button quiet small" onClick={() => setSaving("version")}>
          <Icon name="star" />
          Save
        </button>
      ) : null}
      <button type="button" className="button quiet small" onClick={() => setSaving("new")}>
        {changes ? null : <Icon name="star" />}
        {saved ? "Save as" : "Save"}
      </button>
      <SaveDialog
        key={saving}
        open={saving !== null}
        text={draft}
        language={sql ? "sql" : "discover"}
        given={given}
        before={saving === "version" ? saved : null}
        like={saved}
        onClose={() => setSaving(null)}
        onSaved={(made) => {
          setSaving(null);
          onOpen(made);
        }}
      />
    </>
  );
}
