using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Utp.Transport.Diagnostics;

namespace Utp.Transport.AspNetCore;

/// <summary>Warns when everything has started and the program listens on no uTP endpoint, although it has called <c>UseUtp</c>.</summary>
internal sealed class ListeningCheck(IServer server, IUtpServerAddresses addresses, HttpEndpoints endpoints, ILoggerFactory loggerFactory)
    : IHostedLifecycleService
{
    Task IHostedLifecycleService.StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StartedAsync(CancellationToken cancellationToken)
    {
        // A server without addresses (a test server) listens on nothing by intent.
        if (addresses.EndPoints.Count == 0 && server.Features.Get<IServerAddressesFeature>() is { } urls)
        {
            var logger = loggerFactory.CreateLogger(UtpLog.TransportCategory);
            if (endpoints.Any && urls.PreferHostingUrls)
            {
                UtpLog.EndpointsReplaced(logger, string.Join(", ", urls.Addresses));
            }
            else
            {
                UtpLog.NoEndpoint(logger);
            }
        }

        return Task.CompletedTask;
    }

    Task IHostedLifecycleService.StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    Task IHostedLifecycleService.StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
