using Microsoft.AspNetCore.Connections;

namespace Utp.Transport;

internal abstract class UtpConnection : ConnectionContext
{
}
