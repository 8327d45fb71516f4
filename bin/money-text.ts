/**
 * An amount as people write it: with the decimals that its currency has, and with more only where they are there, as in
 * shares of a value. The digits are not touched, however many there are.
 */
export function moneyText(amount: string, currency: string): string {
  if (currency === '') return '';
  const [whole = '0', fraction = ''] = amount.split('.');
  const decimals = fraction.replace(/0+$/, '').padEnd(decimalsOf(currency), '0');
  return `${whole}${decimals === '' ? '' : `.${decimals}`} ${currency}`;
}

function decimalsOf(currency: string): number {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.resolvedOptions().minimumFractionDigits ?? 0;
}
