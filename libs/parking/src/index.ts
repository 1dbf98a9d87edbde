export { addParkedDeeds } from './parked-tables.store.ts';
export { ParkingModule } from './parking.module.ts';
