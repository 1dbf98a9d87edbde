import { Controller, Get, Header, Res, SetMetadata } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { health, type HealthReport } from './health.ts';
import { metrics } from './metrics.ts';

/** Metadata of a route that anyone may call; read by the scopes guard. */
export const publicRoute = 'haoli:public';

/** The part of an HTTP answer that a probe sets. */
interface StatusSettable {
  status(code: number): unknown;
}

/** What orchestrators and Prometheus ask every process. */
@ApiExcludeController()
@SetMetadata(publicRoute, true)
@Controller()
export class ProbesController {
  @Get('livez')
  async live(@Res({ passthrough: true }) response: StatusSettable): Promise<HealthReport> {
    return answered(await health.livenessReport(), response);
  }

  @Get('readyz')
  async ready(@Res({ passthrough: true }) response: StatusSettable): Promise<HealthReport> {
    return answered(await health.readinessReport(), response);
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  figures(): Promise<string> {
    return metrics.text();
  }
}

function answered(report: HealthReport, response: StatusSettable): HealthReport {
  if (!report.ok) response.status(503);
  return report;
}
