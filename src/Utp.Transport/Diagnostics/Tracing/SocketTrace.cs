using System.Net;
using Utp.Protocol.Tracing;
using Utp.Transport.Connections;

namespace Utp.Transport.Diagnostics.Tracing;

/// <summary>Writes the connections of one UDP socket to the engine's trace file, with the ids that they have in logs.</summary>
internal sealed class SocketTrace(TraceFile file, IPEndPoint local) : ITraceSink
{
    public string NextConnectionId() => ConnectionIds.Next();

    public void Write(in TraceRecord record) => file.Write(record, local);
}
