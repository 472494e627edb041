using System.Net;
using System.Net.Sockets;
using Utp.Interop.Tests.Harness;

namespace Utp.Interop.Tests.Relay;

/// <summary>A dialling socket, and the relay's socket that represents it to the target.</summary>
internal sealed record RelayPath(SocketAddress Dialler, Socket Outward);
