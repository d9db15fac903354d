// A commit as the API gives it, of a release or as a suspect. Pure types.

export interface Commit {
  id: string;
  short_id: string;
  title: string;
  message: string;
  author_name: string;
  author_email: string | null;
  at: string;
  repository: string | null;
  url: string | null;
}
