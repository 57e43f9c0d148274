/** From the least to the most: an operator may do all that a viewer may, an admin all. */
export const ROLES = ["viewer", "operator", "admin"] as const;

/** viewer reads; operator also moves money and answers alerts; admin also manages keys and reads the audit trail. */
export type Role = (typeof ROLES)[number];

export function roleReaches(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
