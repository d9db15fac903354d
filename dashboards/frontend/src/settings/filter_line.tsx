// Fields whose values are parameters of the address.
import * as React from "react";
import { changePage, useUrl } from "../core/url.ts";
import { FormField } from "./field.tsx";
import { type FieldSpec, initialValues } from "./form_model.ts";

export function FilterLine({ fields, submit }: { fields: FieldSpec[]; submit: string }): React.ReactElement {
  const { state } = useUrl();
  const [values, setValues] = React.useState(() => initialValues(fields));
  const key = JSON.stringify(initialValues(fields));
  React.useEffect(() => setValues(initialValues(fields)), [key]);
  const chosen = fields.some((field) => state.page[field.name]);
  const go = (next: Record<string, string | string[]>) =>
    changePage({ ...Object.fromEntries(Object.entries(next).map(([name, value]) => [name, String(value).trim()])), cursor: "", verify: "" });
  const submitted = (event: React.FormEvent) => {
    event.preventDefault();
    go(values);
  };
  const clear = () => go(Object.fromEntries(fields.map((field) => [field.name, ""])));
  return (
    <form className="set-form set-form-line" role="search" onSubmit={submitted}>
      {fields.map((field) => (
        <FormField
          key={field.name}
          field={field}
          value={values[field.name] ?? ""}
          error=""
          onChange={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      <div className="set-submit">
        <button type="submit" className="button">
          {submit}
        </button>
        {chosen ? (
          <button type="button" className="button quiet" onClick={clear}>
            Clear
          </button>
        ) : null}
      </div>
    </form>
  );
}
