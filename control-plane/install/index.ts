/** Installing and removing Banyan's table sets. */
export { install, type Installed, type InstallOptions } from './install.ts';
export { migration, migrationsOf, type Migration } from './migrations.ts';
export { installText, uninstallText } from './print.ts';
export { InstallError, TABLE_SETS, type TableSet } from './table-set.ts';
export { uninstall, type Uninstalled, type UninstallOptions } from './uninstall.ts';
