import { Id, InstantText } from '@app/contracts';
import { Public } from '@app/transport';
import { Body, Controller, Get, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { AuthenticateKeyHandler } from '../access/authenticate-key.handler.ts';
import type { Caller } from '../access/caller.ts';
import { LimitCallHandler } from '../access/limit-call.handler.ts';
import type { ModelRequest } from '../endpoints/endpoint.ts';
import { imageTasks } from '../endpoints/image-tasks.ts';
import { notFound } from '../openai/openai-error.ts';
import { CallsAtOnce } from '../relay/calls-at-once.ts';
import { type ImageTask, ImageTasksStore } from './image-tasks.store.ts';
import { SubmitTaskHandler } from './submit-task.handler.ts';

const TaskView = z.object({
  id: Id,
  object: z.literal('image.task'),
  model: z.string(),
  call_id: Id,
  status: z.enum(['in_progress', 'succeeded', 'failed']),
  data: z.array(z.object({ url: z.string() })).describe('The picture, once there is one.'),
  failure: z.string().nullable().describe('Why there is none; it then costs nothing.'),
  usage: z.object({
    cost: z
      .string()
      .nullable()
      .describe(
        'The exact charge; null while it is open, 0 where it failed. Where its gateway was lost or it could not be priced, the usage line of the call says it.',
      ),
    cost_currency: z.string(),
    price_version: z.string(),
  }),
  created_at: InstantText,
  ended_at: InstantText.nullable(),
});
type TaskView = z.infer<typeof TaskView>;

/** Pictures that are made in minutes: ordered, then asked for. */
@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/images/tasks')
@Public()
export class ImageTasksController {
  constructor(
    private readonly access: AuthenticateKeyHandler,
    private readonly limits: LimitCallHandler,
    private readonly atOnce: CallsAtOnce,
    private readonly submit: SubmitTaskHandler,
    private readonly tasks: ImageTasksStore,
  ) {}

  @Post()
  @HttpCode(202)
  @ApiOperation({ summary: 'Orders a picture; it is charged when it is there, and never when it fails' })
  @ApiAcceptedResponse({ standardSchema: TaskView })
  async order(
    @Headers('authorization') authorization: string | undefined,
    @Body() body: unknown,
  ): Promise<TaskView> {
    const caller = await this.access.handle(authorization, 'models');
    const request = imageTasks.read(body);
    return viewOf(await this.submit.handle(caller, request, await this.enter(caller, request)));
  }

  /** A task is one of the calls at once of its key and of this process until it has ended: as long as its hold is open. */
  private async enter(caller: Caller, request: ModelRequest): Promise<() => void> {
    const leaveProcess = this.atOnce.enter();
    try {
      const permit = await this.limits.handle(caller, request);
      return () => {
        permit.end(0);
        leaveProcess();
      };
    } catch (error) {
      leaveProcess();
      throw error;
    }
  }

  @Get(':id')
  @ApiOperation({ summary: 'How far a picture is' })
  @ApiOkResponse({ standardSchema: TaskView })
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('id') id: string,
  ): Promise<TaskView> {
    const { customerId } = await this.access.handle(authorization, 'models');
    const task = await this.tasks.find(customerId, id);
    if (task === undefined) throw notFound('task');
    return viewOf(task);
  }
}

const viewOf = (task: ImageTask): TaskView => ({
  id: task.taskId,
  object: 'image.task',
  model: task.model,
  call_id: task.callId,
  status: task.status,
  data: task.imageUrl === null ? [] : [{ url: task.imageUrl }],
  failure: task.failure,
  usage: { cost: task.cost, cost_currency: task.currency, price_version: task.priceVersionId },
  created_at: task.createdAt,
  ended_at: task.endedAt,
});
