#!/usr/bin/env bash
# A gRPC message above 30,000,000 bytes fails on Kestrel although MaxReceiveMessageSize allows it, and its status does not tell why.
#
# Version: Grpc.AspNetCore 2.85.0 (server and client), .NET 10, Linux, HTTP/2 over TCP.
# Expected: MaxReceiveMessageSize is gRPC's limit of a message. With null there is none. A message above a limit ends with ResourceExhausted, which
#           names the limit.
# Seen:     with MaxReceiveMessageSize null at both ends, Kestrel's limit of a request body (30,000,000 bytes) also ends a unary call. The client sees
#           an exception of the handler, with a status that services use for their own failures. Client streams have no such limit:
#             default limits, one message of 29,000,000 bytes: OK
#             default limits, one message of 31,000,000 bytes: Unknown, "Exception was thrown by handler."
#             default limits, a stream of 31 messages of 1,000,000 bytes: OK
#             MaxRequestBodySize null, all three: OK
# Why it matters: bulk transfer by gRPC is one reason to serve it over another transport, and the failure looks like one of that transport.
#           KestrelServerLimits.MaxRequestBodySize has to be raised too, also for connections over uTP.
#
# Exit code: 0 while this holds, 1 when it has changed, 2 when it cannot be built here.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2

cat >try.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk.Web">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Grpc.AspNetCore" Version="2.85.0" />
    <Protobuf Include="sink.proto" />
  </ItemGroup>
</Project>
XML

cat >sink.proto <<'PROTO'
syntax = "proto3";
service Sink {
  rpc Take (Chunk) returns (Count);
  rpc TakeAll (stream Chunk) returns (Count);
}
message Chunk { bytes data = 1; }
message Count { int64 bytes = 1; }
PROTO

cat >Program.cs <<'CS'
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;

foreach (var isRaised in new[] { false, true })
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = null);
    builder.WebHost.ConfigureKestrel(kestrel =>
    {
        kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2);
        if (isRaised)
        {
            kestrel.Limits.MaxRequestBodySize = null;
        }
    });
    await using var app = builder.Build();
    app.MapGrpcService<SinkService>();
    await app.StartAsync();
    using var channel = GrpcChannel.ForAddress(app.Urls.First(), new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
    var client = new Sink.SinkClient(channel);
    var limits = isRaised ? "MaxRequestBodySize null" : "default limits";
    await ReportAsync($"{limits}, one message of 29,000,000 bytes", async () => await client.TakeAsync(Of(29_000_000)));
    await ReportAsync($"{limits}, one message of 31,000,000 bytes", async () => await client.TakeAsync(Of(31_000_000)));
    await ReportAsync($"{limits}, a stream of 31 messages of 1,000,000 bytes", async () =>
    {
        using var call = client.TakeAll();
        for (var i = 0; i < 31; i++)
        {
            await call.RequestStream.WriteAsync(Of(1_000_000));
        }

        await call.RequestStream.CompleteAsync();
        return await call;
    });
}

static Chunk Of(int bytes) => new() { Data = UnsafeByteOperations.UnsafeWrap(new byte[bytes]) };

static async Task ReportAsync(string what, Func<Task<Count>> call)
{
    try
    {
        await call();
        Console.WriteLine($"{what}: OK");
    }
    catch (RpcException e)
    {
        Console.WriteLine($"{what}: {e.StatusCode}, \"{e.Status.Detail}\"");
    }
}

internal sealed class SinkService : Sink.SinkBase
{
    public override Task<Count> Take(Chunk request, ServerCallContext context) => Task.FromResult(new Count { Bytes = request.Data.Length });

    public override async Task<Count> TakeAll(IAsyncStreamReader<Chunk> requestStream, ServerCallContext context)
    {
        var count = new Count();
        await foreach (var chunk in requestStream.ReadAllAsync())
        {
            count.Bytes += chunk.Data.Length;
        }

        return count;
    }
}
CS

seen=$(ASPNETCORE_URLS=http://127.0.0.1:0 dotnet run -v q --property:NuGetAudit=false 2>&1) || { printf '%s\n' "$seen"; exit 2; }
printf '%s\n' "$seen"
expected=$(printf 'default limits, one message of 29,000,000 bytes: OK
default limits, one message of 31,000,000 bytes: Unknown, "Exception was thrown by handler."
default limits, a stream of 31 messages of 1,000,000 bytes: OK
MaxRequestBodySize null, one message of 29,000,000 bytes: OK
MaxRequestBodySize null, one message of 31,000,000 bytes: OK
MaxRequestBodySize null, a stream of 31 messages of 1,000,000 bytes: OK')
[ "$seen" = "$expected" ]
