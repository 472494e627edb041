using Microsoft.AspNetCore.Connections;

namespace Utp.Transport.Hosting.Servers;

/// <summary>Records one call of <c>AddListener</c>.</summary>
/// <param name="Name">The listener's name, which is also the name of its configuration section.</param>
/// <param name="EndPoint">Where to listen unless the configuration says otherwise; null when only the configuration says it.</param>
/// <param name="Configure">Builds the handler of its connections.</param>
internal sealed record UtpListenerRegistration(string Name, UtpEndPoint? EndPoint, Action<IConnectionBuilder> Configure);
