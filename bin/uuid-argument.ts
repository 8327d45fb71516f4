import { InvalidArgumentError } from 'commander';

/** Reads an argument that is a UUID; anything else is wrong usage, and `advice` says where the right one is found. */
export const uuidArgument =
  (advice: string) =>
  (text: string): string => {
    if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
    throw new InvalidArgumentError(`It is no UUID. ${advice}`);
  };
