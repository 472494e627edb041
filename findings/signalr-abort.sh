#!/usr/bin/env bash
# HubCallerContext.Abort ends a SignalR client for good: WithAutomaticReconnect does not reconnect, as it does after a connection that broke.
#
# Version: Microsoft.AspNetCore.SignalR.Client 10.0.11, ASP.NET Core 10, Linux, WebSockets over TCP.
# Expected: Abort ends the connection, as HttpContext.Abort does, and a client with WithAutomaticReconnect treats both alike: it connects again.
# Seen:     the hub's Abort tells the client not to reconnect. The client raises Closed without an exception and never Reconnecting. After
#           HttpContext.Abort the same client reconnects:
#             Context.Abort(): Closed, no exception
#             HttpContext.Abort(): Reconnecting, Reconnected
# Why it matters: a service that sheds connections with Abort, or a test that simulates a broken transport with it, loses its clients.
#
# Exit code: 0 while this holds, 1 when it has changed, 2 when it cannot be built here.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2

cat >try.cs <<'CS'
#:sdk Microsoft.NET.Sdk.Web
#:package Microsoft.AspNetCore.SignalR.Client@10.0.11
#:property PublishAot=false
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.Services.AddSignalR();
await using var app = builder.Build();
app.MapHub<EndingHub>("/hub");
await app.StartAsync();
foreach (var (what, method) in new[] { ("Context.Abort()", "AbortHub"), ("HttpContext.Abort()", "AbortRequest") })
{
    var events = new List<string>();
    var ended = new TaskCompletionSource();
    await using var client = new HubConnectionBuilder().WithUrl(app.Urls.First() + "/hub").WithAutomaticReconnect([TimeSpan.Zero]).Build();
    client.Reconnecting += _ => { events.Add("Reconnecting"); return Task.CompletedTask; };
    client.Reconnected += _ => { events.Add("Reconnected"); ended.TrySetResult(); return Task.CompletedTask; };
    client.Closed += e => { events.Add(e is null ? "Closed, no exception" : "Closed, exception"); ended.TrySetResult(); return Task.CompletedTask; };
    await client.StartAsync();
    await client.SendAsync(method);
    await Task.WhenAny(ended.Task, Task.Delay(TimeSpan.FromSeconds(20)));
    Console.WriteLine($"{what}: {string.Join(", ", events)}");
}

internal sealed class EndingHub : Hub
{
    public void AbortHub() => Context.Abort();

    public void AbortRequest() => Context.GetHttpContext()!.Abort();
}
CS

seen=$(ASPNETCORE_URLS=http://127.0.0.1:0 dotnet run try.cs 2>&1) || { printf '%s\n' "$seen"; exit 2; }
printf '%s\n' "$seen"
expected=$(printf 'Context.Abort(): Closed, no exception
HttpContext.Abort(): Reconnecting, Reconnected')
[ "$seen" = "$expected" ]
