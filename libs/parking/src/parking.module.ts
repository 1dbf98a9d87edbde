import { Module } from '@nestjs/common';
import { DiscardHandler } from './discard.handler.ts';
import { DriveAgainHandler } from './drive-again.handler.ts';
import { ParkedMessageStore } from './parked-message.store.ts';
import { ParkedMessagesController } from './parked-messages.controller.ts';
import { WatchParkedJob } from './watch-parked.job.ts';

/** The door to the parked messages of a service, beside its PersistenceModule and KafkaModule. */
@Module({
  controllers: [ParkedMessagesController],
  providers: [ParkedMessageStore, DriveAgainHandler, DiscardHandler, WatchParkedJob],
})
export class ParkingModule {}
